"""The handlers: from message to use case and back. They know neither wire nor database."""
