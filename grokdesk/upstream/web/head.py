"""Status and headers of an answer, as curl hands them over: line by line."""

import re
from collections.abc import Mapping

_DELIMITER = re.compile(rb"(?:content-length|transfer-encoding)[ \t]*:", re.IGNORECASE)
_STATUS = re.compile(rb"(HTTP/[\d.]+)[ \t]+(\d{3})")
"""As lax as curl, which takes `101Switching` for 101."""


class Head:
    """Of the last answer only: an interim one (1xx) is forgotten when the next begins."""

    __slots__ = ("_lines", "_version", "complete", "status")

    def __init__(self) -> None:
        self.status = 0
        self.complete = False
        self._version = b""
        self._lines: list[bytes] = []

    def on_line(self, line: bytes) -> int:
        """For curl's HEADERFUNCTION."""
        if line == b"\r\n":
            self.complete = self.status >= 200
        elif line.startswith(b"HTTP/"):
            found = _STATUS.match(line)
            self._version, status = found.groups() if found else (b"", b"0")
            self.status = int(status)
            self._lines.clear()
        else:
            self._lines.append(line)
        return len(line)

    @property
    def delimited(self) -> bool:
        """The end of the body differs from a broken connection; before HTTP/2 it may not."""
        return self._version >= b"HTTP/2" or any(map(_DELIMITER.match, self._lines))

    @property
    def headers(self) -> Mapping[str, str]:
        """By lower-case name; taken apart here, because few answers are asked for them."""
        pairs = (line.decode("latin-1").partition(":") for line in self._lines)
        return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}
