"""Characters cut in two: JSON that no strict parser takes, made whole again.

A text may be cut between the two escapes of one character (`\\ud83d` and `\\ude00`), so that each
half comes in a frame of its own. Frames that cannot be read are skipped, with all their text.
"""

import re

_REPLACEMENT = rb"\ufffd"
_HEX = rb"[0-9a-fA-F]{2}"
_HIGH, _LOW = rb"u[dD][89abAB]" + _HEX, rb"u[dD][c-fC-F]" + _HEX
_ESCAPE = re.compile(
    rb"\\(?:%b\\%b|(?P<high>%b)|(?P<low>%b)|.)" % (_HIGH, _LOW, _HIGH, _LOW), re.DOTALL
)


class Halves:
    """One reply's; it remembers the half at the end of a string for the next string."""

    def __init__(self) -> None:
        self._held = b""

    def mend(self, raw: bytes) -> bytes:
        """The same bytes, unless halves or broken UTF-8 are in there."""
        return _ESCAPE.sub(self._mend, raw.decode("utf-8", "replace").encode())

    def _mend(self, escape: re.Match[bytes]) -> bytes:
        raw = escape.string
        if escape["high"] and raw.startswith(b'"', escape.end()):
            self._held = escape[0]
            return b""
        if escape["low"] and self._held and raw.endswith(b'"', 0, escape.start()):
            held, self._held = self._held, b""
            return held + escape[0]
        return _REPLACEMENT if escape["high"] or escape["low"] else escape[0]
