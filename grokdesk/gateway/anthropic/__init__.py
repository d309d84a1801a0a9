"""Anthropic's Messages API: parse and render."""
