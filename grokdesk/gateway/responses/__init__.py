"""OpenAI's Responses API: parse and render."""
