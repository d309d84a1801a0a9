"""JSON schemas of tools as they stand in a body, to the short text that a model reads."""

import msgspec

from grokdesk.domain.errors import InvalidRequestError


def schema_text(schema: msgspec.Raw, param: str) -> str:
    """Without white space: agents send dozens of these. Empty for none; raise
    InvalidRequestError about `param`."""
    text = bytes(schema).strip()
    if text in (b"", b"null"):
        return ""
    if not text.startswith(b"{"):
        raise InvalidRequestError("A JSON schema is an object.", param=param)
    try:
        return msgspec.json.format(text, indent=-1).decode()
    except UnicodeDecodeError:  # the decoder does not look into what it keeps raw
        raise InvalidRequestError("This is not valid UTF-8.", param=param) from None
