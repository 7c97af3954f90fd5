"""Periodic tasks: each takes no input, may run twice, and may be missed."""
