"""Reads tokens out of whatever people have: lines, cookie lines, JSON of several tools.

Formats of protocol section 14 and browser cookie exports. Pure: text in, entries out.
"""

import enum
import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from grokdesk.domain.account import Tier, Token
from grokdesk.domain.errors import InvalidRequestError

MAX_CHARS = 50_000_000
MAX_ACCOUNTS = 10_000
_MIN_TOKEN = 20
_MAX_TOKEN = 16_384
_LABEL_CHARS = 80

_TOKEN_KEYS = ("sso_token", "token", "sso", "value")
_TIERS = {
    "basic": Tier.BASIC,
    "super": Tier.SUPER,
    "heavy": Tier.HEAVY,
    "ssobasic": Tier.BASIC,
    "ssosuper": Tier.SUPER,
    "ssoheavy": Tier.HEAVY,
}
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－"), "-")  # noqa: RUF001
_INVISIBLE = dict.fromkeys(
    [*map(ord, "\ufeff\u200b\u200c\u200d\u2060\u00ad"), *range(0x202A, 0x202F)], None
)
_QUOTES = "\"'`“”‘’「」"  # noqa: RUF001
_FORBIDDEN = re.compile(r"[^\x21-\x7e]|[;,\\\"]")


class EntryKind(enum.StrEnum):
    NEW = "new"
    DUPLICATE = "duplicate"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class ImportEntry:
    """One found token, or one place where a token was expected. `line` counts from 1."""

    line: int
    kind: EntryKind
    hint: str = ""
    label: str = ""
    reason: str = ""
    token: Token | None = None
    email: str = ""
    user_id: str = ""
    tier: Tier | None = None


@dataclass(frozen=True, slots=True)
class ImportPreview:
    entries: tuple[ImportEntry, ...]

    @property
    def new(self) -> tuple[ImportEntry, ...]:
        return self._of(EntryKind.NEW)

    @property
    def duplicates(self) -> tuple[ImportEntry, ...]:
        return self._of(EntryKind.DUPLICATE)

    @property
    def malformed(self) -> tuple[ImportEntry, ...]:
        return self._of(EntryKind.MALFORMED)

    def _of(self, kind: EntryKind) -> tuple[ImportEntry, ...]:
        return tuple(entry for entry in self.entries if entry.kind is kind)


def preview(text: str, known_fingerprints: Collection[str]) -> ImportPreview:
    """Raise InvalidRequestError for input that cannot be an import at all."""
    if len(text) > MAX_CHARS:
        raise InvalidRequestError("This is too large for an import: 50 MB are the limit.")
    seen = dict.fromkeys(known_fingerprints, 0)
    entries: list[ImportEntry] = []
    for entry in _read(text.translate(_INVISIBLE)):
        entries.append(_sorted_out(entry, seen))
        if len(entries) > MAX_ACCOUNTS:
            raise InvalidRequestError(f"At most {MAX_ACCOUNTS:,} accounts can be imported at once.")
    return ImportPreview(tuple(entries))


def _sorted_out(entry: ImportEntry, seen: dict[str, int]) -> ImportEntry:
    if entry.token is None:
        return entry
    fingerprint = entry.token.fingerprint
    if (first_line := seen.get(fingerprint)) is not None:
        reason = f"same as line {first_line}" if first_line else "already imported"
        return replace(entry, kind=EntryKind.DUPLICATE, reason=reason)
    seen[fingerprint] = entry.line
    return entry


def _read(text: str) -> Iterator[ImportEntry]:
    start = text.lstrip()
    if start.startswith(("{", "[")):
        try:
            document = json.loads(start)
        except (ValueError, RecursionError) as error:
            if _looks_like_json_lines(start):
                yield from _read_json_lines(text)
                return
            line = text.count("\n", 0, len(text) - len(start)) + getattr(error, "lineno", 1)
            yield _malformed(line, "this is not complete JSON")
            return
        yield from _read_document(document, _line_finder(text))
        return
    yield from _read_lines(text)


def _looks_like_json_lines(text: str) -> bool:
    first, _, _ = text.partition("\n")
    try:
        return isinstance(json.loads(first), dict | str)
    except (ValueError, RecursionError):
        return False


def _read_json_lines(text: str) -> Iterator[ImportEntry]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except (ValueError, RecursionError):
            yield _malformed(number, "this line is not JSON")
        else:
            yield from _read_item(item, None, lambda _text, number=number: number)  # type: ignore[misc]


def _read_lines(text: str) -> Iterator[ImportEntry]:
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip().strip(_QUOTES).rstrip(",")
        if bare and not bare.startswith("#"):
            yield _entry(bare, number)


Locate = Callable[[str], int]
"""The line on which a token's text stands in the input."""


def _line_finder(text: str) -> Locate:
    """Tokens stand in the order of the document, so the search goes on from the last find."""
    position = 0
    line = 1

    def locate(token: str) -> int:
        nonlocal position, line
        found = text.find(token[:200], position)
        if found >= 0:
            line += text.count("\n", position, found)
            position = found
        return line

    return locate


def _read_document(document: Any, locate: Locate) -> Iterator[ImportEntry]:
    if isinstance(document, list):
        if cookies := _cookie_export(document):
            for value in cookies:
                yield _entry(value, locate(value))
        else:
            for item in document:
                yield from _read_item(item, None, locate)
        return
    yield from _read_object(document, locate)


def _cookie_export(items: list[Any]) -> list[str]:
    """The `sso` values when this is a browser's cookie list, which names other cookies too."""
    named = [
        item for item in items if isinstance(item, dict) and "name" in item and "value" in item
    ]
    if len(named) != len(items):
        return []
    return [str(item["value"]) for item in named if item["name"] == "sso"]


def _read_object(document: dict[str, Any], locate: Locate) -> Iterator[ImportEntry]:
    provider = document.get("provider")
    if provider not in (None, "grok_web"):
        yield _malformed(1, f"accounts of '{str(provider)[:30]}' cannot be used here")
        return
    tier = _tier(document.get("pool"))
    found = False
    for key in ("accounts", "tokens", "cookies"):
        if isinstance(document.get(key), list):
            found = True
            items = document[key]
            if cookies := _cookie_export(items):
                for value in cookies:
                    yield _entry(value, locate(value))
                continue
            for item in items:
                yield from _read_item(item, tier, locate)
    if found:
        return
    if any(key in document for key in _TOKEN_KEYS):
        yield from _read_item(document, None, locate)
        return
    pools = {key: value for key, value in document.items() if _tier(key) is not None}
    if not pools:
        yield _malformed(1, "no tokens were found in this JSON")
        return
    for name, items in pools.items():
        for item in items if isinstance(items, list) else [items]:
            yield from _read_item(item, _tier(name), locate)


def _read_item(item: Any, tier: Tier | None, locate: Locate) -> Iterator[ImportEntry]:
    if isinstance(item, str):
        entry = _entry(item, locate(item))
        yield replace(entry, tier=tier)
        return
    if not isinstance(item, dict):
        yield _malformed(locate(""), "expected a token or an object with one")
        return
    text = next((item[key] for key in _TOKEN_KEYS if isinstance(item.get(key), str)), None)
    if text is None:
        yield _malformed(locate(""), "this entry has no token")
        return
    entry = _entry(text, locate(text))
    yield replace(
        entry,
        label=_clean(item.get("name") or item.get("remark") or item.get("note")),
        email=_clean(item.get("email")),
        user_id=_clean(item.get("user_id")),
        tier=_tier(item.get("tier")) or _tier(item.get("pool")) or tier,
    )


def _entry(raw: str, line: int) -> ImportEntry:
    text = _bare_token(raw)
    if len(text) < _MIN_TOKEN:
        return _malformed(line, "too short for a token")
    if len(text) > _MAX_TOKEN:
        return _malformed(line, "too long for a token")
    if _FORBIDDEN.search(text):
        return _malformed(line, "contains characters that no token has")
    token = Token(text)
    return ImportEntry(line, EntryKind.NEW, hint=token.hint, token=token)


def _bare_token(raw: str) -> str:
    """The value of `sso` out of a cookie line, or the text itself, cleaned of copying damage."""
    text = raw.translate(_INVISIBLE).translate(_DASHES).strip().strip(_QUOTES)
    match = re.search(r"(?:^|;\s*|Cookie:\s*)sso=([^;]*)", text, re.IGNORECASE)
    if match:
        text = match.group(1)
    text = text.removeprefix("sso=")
    return re.sub(r"\s+", "", text).strip(_QUOTES)


def _malformed(line: int, reason: str) -> ImportEntry:
    return ImportEntry(line, EntryKind.MALFORMED, reason=reason)


def _tier(value: Any) -> Tier | None:
    return _TIERS.get(value.strip().lower()) if isinstance(value, str) else None


def _clean(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    return "".join(c for c in value if c.isprintable())[:_LABEL_CHARS].strip()
