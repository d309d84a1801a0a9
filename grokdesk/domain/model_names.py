"""Names of models as people write them: in any case, with a prefix, as a pattern, for another."""

from collections.abc import Iterable
from dataclasses import dataclass, field

LONGEST_NAME = 128
_MOST_ENTRIES = 100
_RESERVED = frozenset(",=")

# Clients put these before a name to tell providers apart; they mean nothing to us.
_PREFIXES = ("xai/", "x-ai/", "grok/", "openai/", "grokdesk/")


def normal_name(name: str) -> str:
    """As names are compared."""
    lowered = name.strip().lower()
    for prefix in _PREFIXES:
        if lowered.startswith(prefix):
            return lowered.removeprefix(prefix)
    return lowered


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A normal name in which each `*` stands for anything. No expression: time is linear."""

    text: str
    _pieces: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_pieces", tuple(self.text.split("*")))

    def __str__(self) -> str:
        return self.text

    def matches(self, name: str) -> bool:
        """`name` is a normal one."""
        first, *inner = self._pieces
        if not inner:
            return name == first
        last = inner.pop()
        if not name.startswith(first) or not name.endswith(last):
            return False
        place, end = len(first), len(name) - len(last)
        for piece in inner:
            found = name.find(piece, place, end)
            if found < 0:
                return False
            place = found + len(piece)
        return place <= end


@dataclass(frozen=True, slots=True)
class Alias:
    """Names that fit the pattern stand for a model."""

    pattern: NamePattern
    model: str

    def __str__(self) -> str:
        return f"{self.pattern}={self.model}"


Patterns = tuple[NamePattern, ...]
Aliases = tuple[Alias, ...]


def parse_patterns(text: str) -> Patterns:
    """`grok-chat-*, grok-4`. ValueError with the reason, as half a sentence."""
    patterns = dict.fromkeys(_pattern(entry) for entry in _entries(text))
    return tuple(patterns)


def parse_aliases(text: str) -> Aliases:
    """`gpt-*=grok-chat-fast, claude-opus-*=grok-chat-expert`. ValueError like `parse_patterns`."""
    aliases: dict[NamePattern, Alias] = {}
    for entry in _entries(text):
        left, separator, right = entry.partition("=")
        if not separator or not left.strip() or not right.strip():
            raise ValueError(
                f"holds '{_short(entry)}'; write NAME=MODEL, for example gpt-*=grok-chat-fast"
            )
        pattern, model = _pattern(left), _checked(right)
        if "*" in model:
            raise ValueError(f"maps '{pattern}' to '{model}', which must be one model without *")
        if pattern in aliases:
            raise ValueError(f"maps '{pattern}' twice")
        aliases[pattern] = Alias(pattern, model)
    return tuple(aliases.values())


def text_of(entries: Iterable[NamePattern | Alias]) -> str:
    """What `parse_patterns` or `parse_aliases` makes the same of."""
    return ", ".join(map(str, entries))


def model_behind(aliases: Aliases, name: str) -> str | None:
    """Of the first alias that fits; `name` is a normal one."""
    for alias in aliases:
        if alias.pattern.matches(name):
            return alias.model
    return None


def _entries(text: str) -> list[str]:
    entries = [entry.strip() for entry in text.replace("\n", ",").split(",")]
    entries = [entry for entry in entries if entry]
    if len(entries) > _MOST_ENTRIES:
        raise ValueError(f"has more than {_MOST_ENTRIES} entries")
    return entries


def _pattern(text: str) -> NamePattern:
    return NamePattern(_checked(text))


def _checked(text: str) -> str:
    name = normal_name(text)
    plain = name.isascii() and name.isprintable() and " " not in name
    if not name or len(name) > LONGEST_NAME or not plain or not _RESERVED.isdisjoint(name):
        raise ValueError(f"holds '{_short(text)}', which cannot be the name of a model")
    return name


def _short(text: str) -> str:
    return "".join(mark if mark.isprintable() else "?" for mark in text.strip()[:60])
