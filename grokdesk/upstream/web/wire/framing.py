"""Cut the bytes of a REST stream into payloads: NDJSON, SSE, objects without separators, or a mix.

A raw newline never occurs inside JSON text, so a line is always a boundary. Within a line, objects
may follow each other; each is handed out as soon as its last brace is there.
"""

import re

DONE = b"[DONE]"

_SILENT = (b":", b"event:", b"id:", b"retry:")  # SSE fields that carry nothing for us

_SPACE = re.compile(rb"\s++")
_LEAD = re.compile(rb"(?:data:\s*+)?+(?=\{)")
_OUTSIDE = re.compile(rb'(?:[^"{}]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_INSIDE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_QUOTE, _OPEN, _BACKSLASH = b'"'[0], b"{"[0], b"\\"[0]


class OpenLine:
    """A line that is still growing. Bytes are looked at once, however it grows."""

    def __init__(self, begun: bytes = b"") -> None:
        self.rest = bytearray(begun)
        self._begun_object = False
        self._at = 0
        self._depth = 0
        self._in_string = False

    def cut(self) -> list[bytes]:
        """Take the complete objects off the line; `rest` keeps what follows."""
        objects = []
        while self._find_object() and (end := self._find_end()):
            objects.append(bytes(self.rest[:end]))
            del self.rest[:end]
            self._begun_object = False
            self._at = 0
        return objects

    def _find_object(self) -> bool:
        """Drop what may precede an object; False while none has begun."""
        if self._begun_object:
            return True
        if space := _SPACE.match(self.rest):
            del self.rest[: space.end()]
        if lead := _LEAD.match(self.rest):
            del self.rest[: lead.end()]
            self._begun_object = True
        return self._begun_object

    def _find_end(self) -> int:
        """Where the object ends; 0 while it is not complete."""
        size = len(self.rest)
        while True:
            if self._in_string:
                self._skip(_INSIDE)
                if self._at == size or self.rest[self._at] == _BACKSLASH:
                    return 0
                self._at += 1
                self._in_string = False
            self._skip(_OUTSIDE)
            if self._at == size:
                return 0
            byte = self.rest[self._at]
            self._at += 1
            if byte == _QUOTE:
                self._in_string = True
                continue
            self._depth += 1 if byte == _OPEN else -1
            if self._depth == 0:
                return self._at

    def _skip(self, pattern: re.Pattern[bytes]) -> None:
        found = pattern.match(self.rest, self._at)
        self._at = found.end() if found else self._at


class FrameSplitter:
    """`feed` gives payloads: one JSON object each, a line of several, DONE, or what is neither.

    Whether a line holds one object is for the decoder to find out: trying is faster than looking.
    """

    def __init__(self) -> None:
        self._line = OpenLine()

    @property
    def pending(self) -> int:
        """Bytes of the unfinished line."""
        return len(self._line.rest)

    def feed(self, data: bytes) -> list[bytes]:
        if b"\n" not in data:
            self._line.rest += data
            return self._line.cut()
        if self._line.rest:
            data = bytes(self._line.rest) + data
            self._line = OpenLine()
        *lines, rest = data.split(b"\n")
        payloads = [
            payload
            for line in lines
            if (payload := line if line[:1] == b"{" else _payload_of(line))
        ]
        if rest:
            self._line = OpenLine(rest)
            payloads += self._line.cut()
        return payloads

    def end(self) -> bytes:
        """What stands on the last line, if it was not finished with a newline."""
        line, self._line = self._line, OpenLine()
        return _payload_of(bytes(line.rest))


def _payload_of(line: bytes) -> bytes:
    payload = line.strip().removeprefix(b"data:").lstrip()
    return b"" if payload.startswith(_SILENT) else payload
