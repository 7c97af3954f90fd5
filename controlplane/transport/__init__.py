"""One handler set for two wires: gRPC on one port, Connect, gRPC-Web and plain HTTP on the other."""
