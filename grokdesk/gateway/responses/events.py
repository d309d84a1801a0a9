"""The events of one stream: framed, typed, and numbered without holes."""

from typing import Any

from grokdesk.gateway.jsontext import json_object, json_text


class Events:
    """Numbers are given out in the order of rendering."""

    __slots__ = ("number",)

    def __init__(self) -> None:
        self.number = 0

    def render(self, kind: str, fields: dict[str, Any]) -> bytes:
        return self.render_ready(kind, json_object(fields)[1:])

    def render_ready(self, kind: str, fields: bytes) -> bytes:
        """`fields` are what is left of a JSON object without its first brace."""
        number, self.number = self.number, self.number + 1
        name = kind.encode()
        return b'event: %b\ndata: {"type":"%b","sequence_number":%d,%b\n\n' % (
            name,
            name,
            number,
            fields,
        )


class TextFrame:
    """One event again and again, each with another `delta`: all bytes but those are ready-made."""

    __slots__ = ("_after", "_before", "_events")

    def __init__(self, events: Events, kind: str, fields: dict[str, Any]) -> None:
        name = kind.encode()
        self._events = events
        self._before = b'event: %b\ndata: {"type":"%b","sequence_number":' % (name, name)
        self._after = b',%b,"delta":' % json_object(fields)[1:-1]

    def render(self, text: str) -> bytes:
        events = self._events
        number = events.number
        events.number = number + 1
        return b"%b%d%b%b}\n\n" % (self._before, number, self._after, json_text(text))
