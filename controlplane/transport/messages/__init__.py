"""Between protobuf and domain words; pure, one module a noun. The wire's enums and names end here."""
