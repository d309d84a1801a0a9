"""The parts of packaging/dev.py: standard library only, since nothing is installed yet."""
