"""All knowledge of grok.com."""
