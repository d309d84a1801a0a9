"""JSON that may turn out to be anything, read without trust."""

from collections.abc import Mapping
from typing import Any

import msgspec

from grokdesk.domain.errors import ProtocolChangedError
from grokdesk.upstream.web.wire.excerpts import excerpt

UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""What msgspec raises for bytes that are not JSON, not UTF-8 or nested too deeply."""

_NOTHING: Mapping[str, Any] = {}


def parse_json(raw: bytes | str) -> Any:
    """None when `raw` is not JSON."""
    try:
        return msgspec.json.decode(raw)
    except UNREADABLE:
        return None


def parse_object(raw: bytes, what: str) -> Mapping[str, Any]:
    """Raise ProtocolChangedError when `raw` is not a JSON object; `what` names the answer."""
    value = parse_json(raw)
    if not isinstance(value, dict):
        raise changed(what, raw)
    return value


def changed(what: str, raw: bytes | str) -> ProtocolChangedError:
    return ProtocolChangedError(
        f"grok.com sent {what} in a form that Grokdesk does not know. Look for an update.",
        excerpt=excerpt(raw),
    )


def object_of(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else _NOTHING


def list_of(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def text_of(value: object) -> str:
    return value if isinstance(value, str) else ""


def whole_of(value: object) -> int | None:
    """A whole number, or None; JSON's true is not one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value == value // 1 else None


def first_text(value: Mapping[str, Any], *names: str) -> str:
    """The first non-empty text among spellings of one field."""
    return next((text for name in names if (text := text_of(value.get(name)))), "")
