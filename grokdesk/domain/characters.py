"""Halves of characters: grok.com's pieces of text are cut in the middle of one now and then."""


def mended(text: str) -> str:
    """Join halves of a character that came in two pieces, replace what is left alone."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
