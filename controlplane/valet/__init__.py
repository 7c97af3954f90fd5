"""Valet compiles: a snapshot of a workspace's resources in, the delivered document out. Pure."""
