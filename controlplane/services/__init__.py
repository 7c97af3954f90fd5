"""Use cases in domain words. They decide inside one unit of work and know nothing of wires or databases."""
