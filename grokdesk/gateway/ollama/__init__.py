"""The API of Ollama, for programs that know no other: parse and render."""
