"""Use cases: what the windows and the gateway ask for."""
