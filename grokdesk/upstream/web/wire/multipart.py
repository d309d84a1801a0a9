"""A form with one file in it, as a browser writes it."""

import re

_NO_NAME = "upload.bin"
_BREAKS = re.compile(r"[\r\n]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def multipart(file_name: str, mime: str, data: bytes, *, boundary: str) -> bytes:
    """`boundary` must not occur in the data."""
    head = (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{quoted_name(file_name)}"\r\n'
        f"Content-Type: {mime}\r\n\r\n"
    )
    return b"".join((head.encode(), data, f"\r\n--{boundary}--\r\n".encode()))


def quoted_name(name: str) -> str:
    """In UTF-8 as it is: browsers do not use RFC 5987 here."""
    safe = _CONTROL.sub("_", _BREAKS.sub("", name)) or _NO_NAME
    return safe.replace("\\", "\\\\").replace('"', '\\"')
