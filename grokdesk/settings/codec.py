"""settings.toml: text to values, and changed values back into the text with comments kept."""

import tomllib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from grokdesk.domain.errors import SettingsError
from grokdesk.settings.declaration import Value
from grokdesk.settings.model import DECLARATIONS, declaration_of

_NEW_FILE = """\
# Settings of Grokdesk. Whatever is missing here has its default.
# Comments, and keys that this version does not know, stay when the program writes the file.
"""


@dataclass(frozen=True, slots=True)
class Decoded:
    """Accepted values by key, and one error for each value or key that cannot be used."""

    values: Mapping[str, Value]
    problems: tuple[SettingsError, ...] = ()


def decode(text: str) -> Decoded:
    """SettingsError when the text is not TOML; a bad value alone only costs its own key."""
    values: dict[str, Value] = {}
    problems: list[SettingsError] = []
    for key, raw in _flatten(_parse(text)).items():
        try:
            values[key] = declaration_of(key).accept(raw)
        except SettingsError as error:
            problems.append(error)
    return Decoded(values, tuple(problems))


def encode(text: str, changes: Mapping[str, Value | None]) -> str:
    """The text with the changes made; None removes the key. The text has been decoded before."""
    wanted = _changed(_parse(text), changes)
    try:
        document = tomlkit.parse(text or _NEW_FILE)
        edited = tomlkit.dumps(_changed(document, changes))
        if _parse(edited) == wanted:
            return edited
    except (TOMLKitError, SettingsError, ValueError, KeyError, TypeError, RecursionError):
        pass  # rare layouts that tomlkit cannot edit: the values matter more than the comments
    return _NEW_FILE + tomlkit.dumps(wanted)


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError("", f"{error}") from None
    except (ValueError, RecursionError):
        raise SettingsError("", "a number or a list in it is beyond all measure") from None


def _flatten(document: Mapping[str, Any]) -> dict[str, Any]:
    """By `section.name`; what is not in a section keeps its name, and will not be a setting."""
    sections = {key.partition(".")[0] for key in DECLARATIONS}
    flat: dict[str, Any] = {}
    for section, content in document.items():
        if section in sections and isinstance(content, dict):
            flat.update({f"{section}.{name}": raw for name, raw in content.items()})
        else:
            flat[section.replace(".", "\\.")] = content
    return flat


def _changed(
    document: MutableMapping[str, Any], changes: Mapping[str, Value | None]
) -> MutableMapping[str, Any]:
    for key, value in changes.items():
        section, name = key.split(".")
        table = document.get(section)
        if value is None:
            if isinstance(table, MutableMapping):
                table.pop(name, None)
            continue
        if not isinstance(table, MutableMapping):
            document[section] = (
                tomlkit.table() if isinstance(document, tomlkit.TOMLDocument) else {}
            )
            table = document[section]
        table[name] = value
    return document
