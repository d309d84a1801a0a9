"""What our clients send to us: made here, kept as a hash, shown once."""

import hashlib
import secrets
import zlib
from dataclasses import dataclass

PREFIX = "gd-"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A stored key. `digest` is the SHA-256 of the whole text; `hint` is safe to show."""

    id: str
    name: str
    digest: str
    hint: str
    created_at: float
    enabled: bool = True
    last_used_at: float | None = None


def generate_key() -> str:
    """256 random bits and a checksum, so that a mistyped key is told from a revoked one."""
    body = secrets.token_urlsafe(32)
    return f"{PREFIX}{body}{_checksum(body)}"


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def hint_of(text: str) -> str:
    return f"{PREFIX}…{text[-4:]}"


def looks_whole(text: str) -> bool:
    """Whether the checksum fits: False means a typing or copying mistake."""
    body = text.removeprefix(PREFIX)
    return text.startswith(PREFIX) and len(body) > 6 and _checksum(body[:-6]) == body[-6:]


def _checksum(body: str) -> str:
    return format(zlib.crc32(body.encode("utf-8", "surrogatepass")), "08x")[:6]
