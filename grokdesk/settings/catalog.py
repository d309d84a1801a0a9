"""models.toml: the catalog as data, ours or the user's own."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from grokdesk.domain.account import Tier
from grokdesk.domain.catalog import ModelCatalog, ModelKind, ModelSpec
from grokdesk.domain.errors import SettingsError
from grokdesk.domain.quota import CHAT_MODES, MEDIA_MODES, Mode
from grokdesk.settings.declaration import shown
from grokdesk.settings.user_file import load_own

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
_ENTRY = re.compile(r"\s*\[\[\s*model\s*\]\]")
# By name: whether an entry must have it.
_FIELDS = {
    field.name: field.default is MISSING and field.default_factory is MISSING
    for field in fields(ModelSpec)
}
_EFFORTS = ("low", "medium", "high")


def parse_catalog(text: str) -> ModelCatalog:
    """SettingsError names the entry and the line at fault."""
    entries = _entries(text)
    lines = _Lines(text)
    models: list[ModelSpec] = []
    taken: dict[str, int] = {}
    for number, entry in enumerate(entries):
        spec = _Entry(number, entry, lines).spec()
        for name in (spec.id, *spec.aliases):
            if (owner := taken.setdefault(name.lower(), number)) != number:
                raise _error(
                    f"line {lines.of(number)}, model '{spec.id}': "
                    f"the name '{name}' already belongs to '{models[owner].id}'"
                )
        models.append(spec)
    return ModelCatalog(tuple(models))


def load_catalog(bundled_text: str, user_file: Path | None) -> tuple[ModelCatalog, tuple[str, ...]]:
    """The user's catalog if there is one and it is sound, else ours; with notices. Blocks: disk."""
    return load_own(parse_catalog, bundled_text, user_file, "The built-in models are offered.")


class _Lines:
    """Where an entry and its keys stand; tomllib does not tell."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._starts = [at for at, line in enumerate(self._lines) if _ENTRY.match(line)]

    def of(self, entry: int, key: str = "") -> int:
        """Counted from 1; the line of the entry when the key has none of its own."""
        if entry >= len(self._starts):
            return 1
        start = self._starts[entry]
        end = self._starts[entry + 1] if entry + 1 < len(self._starts) else len(self._lines)
        assignment = re.compile(rf"\s*\"?{re.escape(key)}\"?\s*=")
        found = (at for at in range(start, end) if key and assignment.match(self._lines[at]))
        return next(found, start) + 1


class _Entry:
    """One `[[model]]`, on its way to a ModelSpec."""

    def __init__(self, number: int, raw: object, lines: _Lines) -> None:
        self._number = number
        self._raw: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
        self._lines = lines

    def spec(self) -> ModelSpec:
        for key, required in _FIELDS.items():
            if required and key not in self._raw:
                raise self._wrong("", f"has no '{key}'")
        for key in self._raw:
            if key not in _FIELDS:
                raise self._wrong(key, f"'{key}' is not something that a model has")
        kind = ModelKind(self._one_of("kind", [kind.value for kind in ModelKind]))
        modes = CHAT_MODES if kind is ModelKind.CHAT else (*CHAT_MODES, *MEDIA_MODES)
        return ModelSpec(
            id=self._name("id", self._raw["id"]),
            kind=kind,
            mode=Mode(self._one_of("mode", [mode.value for mode in modes])),
            floor=Tier.parse(self._one_of("floor", [tier.label for tier in Tier])),
            display_name=self._text("display_name"),
            created=self._created(),
            context_window=self._count("context_window"),
            max_output_tokens=self._count("max_output_tokens"),
            reasoning=self._flag("reasoning"),
            aliases=self._aliases(),
            efforts=self._efforts(),
        )

    def _one_of(self, key: str, choices: list[str]) -> str:
        value = self._raw[key]
        if value not in choices:
            raise self._wrong(key, f"{key} = {shown(value)} must be one of {', '.join(choices)}")
        return str(value)

    def _text(self, key: str) -> str:
        value = self._raw[key]
        if not isinstance(value, str) or not 0 < len(value) <= 100 or not value.isprintable():
            raise self._wrong(key, f"{key} must be a text of up to 100 characters")
        return value

    def _name(self, key: str, value: object) -> str:
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            raise self._wrong(key, f"{shown(value)} cannot be the name of a model")
        return value

    def _count(self, key: str) -> int:
        value = self._raw[key]
        if type(value) is not int or not 0 < value <= 100_000_000:
            raise self._wrong(key, f"{key} must be a number of tokens")
        return value

    def _flag(self, key: str) -> bool:
        value = self._raw.get(key, False)
        if not isinstance(value, bool):
            raise self._wrong(key, f"{key} must be true or false")
        return value

    def _created(self) -> int:
        value = self._raw["created"]
        if type(value) is not date:
            raise self._wrong("created", "created must be a day such as 2026-08-01")
        return int(datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp())

    def _aliases(self) -> tuple[str, ...]:
        value = self._raw.get("aliases", [])
        if not isinstance(value, list):
            raise self._wrong("aliases", "aliases must be a list of names")
        return tuple(self._name("aliases", alias) for alias in value)

    def _efforts(self) -> Mapping[str, Mode]:
        value = self._raw.get("efforts", {})
        modes = [mode.value for mode in CHAT_MODES]
        if not isinstance(value, dict) or any(
            effort not in _EFFORTS or mode not in modes for effort, mode in value.items()
        ):
            raise self._wrong(
                "efforts",
                f"efforts must give a mode ({', '.join(modes)}) for some of {', '.join(_EFFORTS)}",
            )
        return MappingProxyType({effort: Mode(mode) for effort, mode in value.items()})

    def _wrong(self, key: str, problem: str) -> SettingsError:
        name = self._raw.get("id")
        called = f"model {shown(name)}" if isinstance(name, str) else f"model {self._number + 1}"
        return _error(f"line {self._lines.of(self._number, key)}, {called}: {problem}")


def _entries(text: str) -> list[object]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _error(str(error)) from None
    except (ValueError, RecursionError):
        raise _error("a number or a list in it is beyond all measure") from None
    entries = document.pop("model", [])
    if document:
        raise _error(f"{shown(next(iter(document)))} is unknown; a catalog has [[model]] alone")
    if not isinstance(entries, list) or not entries:
        raise _error("there is no [[model]] in it")
    return entries


def _error(problem: str) -> SettingsError:
    return SettingsError("catalog", f"{problem}.")
