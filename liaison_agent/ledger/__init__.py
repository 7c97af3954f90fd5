"""What the agent remembers on disk."""
