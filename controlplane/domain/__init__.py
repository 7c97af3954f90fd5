"""The nouns of the control plane as frozen values, with the rules of their lives; nothing here does I/O."""
