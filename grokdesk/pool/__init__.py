"""Which account serves the next call."""
