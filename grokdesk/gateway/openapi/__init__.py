"""The OpenAPI document: what is served, for programs that write clients."""
