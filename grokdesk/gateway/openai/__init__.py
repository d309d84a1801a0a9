"""The OpenAI dialect: parse, render and its routes."""
