"""What our clients send to us: made here, kept as a hash, shown once."""

import enum
import hashlib
import secrets
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from grokdesk.domain.catalog import ModelSpec
from grokdesk.domain.model_names import Aliases, NamePattern, Patterns

PREFIX = "gd-"


class ReasoningFormat(enum.StrEnum):
    """Where a chat client finds the thinking: in a field of its own, or as tags in the text."""

    FIELD = "field"
    THINK = "think"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A stored key and what it may do. `digest` is the SHA-256 of the whole text; `hint` is safe
    to show. Limits of 0 are none; `expires_at` is Unix time."""

    id: str
    name: str
    digest: str
    hint: str
    created_at: float
    enabled: bool = True
    expires_at: float | None = None
    models: Patterns = ()
    """Empty: all of them."""
    aliases: Aliases = ()
    requests_per_minute: int = 0
    requests_per_day: int = 0
    max_concurrent: int = 0
    reasoning_format: ReasoningFormat = ReasoningFormat.FIELD

    @property
    def has_rate(self) -> bool:
        return self.requests_per_minute > 0 or self.requests_per_day > 0

    @property
    def has_limits(self) -> bool:
        return self.has_rate or self.max_concurrent > 0

    def has_expired(self, now: float) -> bool:
        return self.expires_at is not None and now >= self.expires_at

    def allows(self, model: ModelSpec) -> bool:
        """A model is allowed under all of its names, or under none."""
        return not self.models or allows(self.models, model)


def allows(patterns: Iterable[NamePattern], model: ModelSpec) -> bool:
    """Whether a model has a name that is among the patterns."""
    names = [name.lower() for name in (model.id, *model.aliases)]
    return any(pattern.matches(name) for pattern in patterns for name in names)


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
