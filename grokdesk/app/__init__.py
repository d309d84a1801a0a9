"""Composition root, command line and the two ways to run."""
