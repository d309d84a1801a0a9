"""Grokdesk: a person's own Grok accounts as an OpenAI-compatible endpoint on localhost."""

__version__ = "0.1.0"
