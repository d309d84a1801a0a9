"""Our local HTTP server."""
