"""How the agent talks to its control plane: one client over two wires, and who it is there."""
