"""Pictures and files as they stand in JSON bodies: data URIs, base64 and addresses."""

import binascii
import re
from urllib.parse import unquote_to_bytes

from grokdesk.domain.attachment import Attachment, AttachmentKind
from grokdesk.domain.errors import InvalidRequestError

_URL_CHARS = 8192
_WHITESPACE = b" \t\r\n"
_INLINE_CHARS = 4096
_INLINE_DATA = re.compile(r"(data:[\w.+-]+/[\w.+-]+;base64,)[A-Za-z0-9+/_=-]{256,}")
_SLICE = 4 * 1024 * 1024
"""Decoded at a time, in between other threads have their turn; a multiple of 4."""
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def attachment_from(
    text: str, kind: AttachmentKind, param: str, *, mime: str = "", name: str = ""
) -> Attachment:
    """From a data URI or an http(s) address. Raise InvalidRequestError about `param`."""
    scheme = text[:8].lower()
    if scheme.startswith("data:"):
        head, comma, coded = text[5:].partition(",")
        if not comma:
            raise InvalidRequestError("This data URI has no comma before its data.", param=param)
        claimed, *options = head.split(";")
        if any(option.strip().lower() == "base64" for option in options):
            data = decode_base64(coded, param)
        else:
            data = unquote_to_bytes(coded)
        _refuse_nothing(data, param)
        return Attachment(kind, data=data, mime=mime or claimed.strip(), name=name, param=param)
    if scheme.startswith(("http://", "https://")):
        if len(text) > _URL_CHARS:
            raise InvalidRequestError(
                f"This address is longer than {_URL_CHARS} characters.", param=param
            )
        return Attachment(kind, url=text.strip(), mime=mime, name=name, param=param)
    raise InvalidRequestError(
        "This must be a data URI or an address that starts with http:// or https://.", param=param
    )


def attachment_from_base64(
    text: str, kind: AttachmentKind, param: str, *, mime: str = "", name: str = ""
) -> Attachment:
    """From bare base64. Raise InvalidRequestError about `param`."""
    data = decode_base64(text, param)
    _refuse_nothing(data, param)
    return Attachment(kind, data=data, mime=mime, name=name, param=param)


def decode_base64(text: str, param: str) -> bytes:
    """Also the URL-safe alphabet, wrapped lines and absent padding, which clients do send."""
    try:
        coded = text.encode("ascii").translate(_URL_SAFE, _WHITESPACE).rstrip(b"=")
        return b"".join(
            binascii.a2b_base64(_padded(coded[at : at + _SLICE]), strict_mode=True)
            for at in range(0, len(coded), _SLICE)
        )
    except ValueError:
        raise InvalidRequestError("This is not valid base64.", param=param) from None


def _padded(coded: bytes) -> bytes:
    return coded + b"=" * (-len(coded) % 4)


def without_inline_data(text: str) -> str:
    """An earlier answer without the data of its pictures, which say nothing to a reader of text."""
    if len(text) < _INLINE_CHARS or ";base64," not in text:
        return text
    return _INLINE_DATA.sub(r"\1…", text)


def not_kept(param: str) -> InvalidRequestError:
    """For an id of a file."""
    return unsupported_content(
        "Grokdesk keeps no files: send the data of the file itself.", param=param
    )


def unsupported_content(message: str, param: str) -> InvalidRequestError:
    return InvalidRequestError(message, param=param, code="unsupported_content")


def _refuse_nothing(data: bytes, param: str) -> None:
    if not data:
        raise InvalidRequestError("There is no data in here.", param=param)
