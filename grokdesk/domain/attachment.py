"""Pictures and files in a conversation: as a client sent them, and as upstream takes them."""

import enum
from dataclasses import dataclass, field


class AttachmentKind(enum.StrEnum):
    IMAGE = "image"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Attachment:
    """Either `data`, or an http(s) `url` from which it is to be fetched.

    `mime` and `name` are the client's claims and may be empty; `param` is where it stands in the
    request, for an error about it.
    """

    kind: AttachmentKind
    data: bytes = field(default=b"", repr=False)
    url: str = field(default="", repr=False)
    mime: str = ""
    name: str = ""
    param: str = ""


@dataclass(frozen=True, slots=True)
class UploadFile:
    """Checked and ready for upstream. `digest` is the SHA-256 of `data` in hex."""

    name: str
    mime: str
    data: bytes = field(repr=False)
    digest: str
