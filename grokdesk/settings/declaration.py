"""What a field of a settings section says about itself, read from its annotation."""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin, get_type_hints

from grokdesk.domain.errors import SettingsError
from grokdesk.kernel.redaction import escape, redact

Value: TypeAlias = bool | int | float | str

_LONGEST_TEXT = 2_000
_LONGEST_NUMBER = 30
_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")
_NOUNS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
}
_KINDS: dict[type, str] = {int: "a huge number", dict: "a table", list: "a list"}


@dataclass(frozen=True, slots=True)
class Setting:
    """Stands in `Annotated[...]`. `rule` returns the value to keep or raises ValueError."""

    doc: str
    unit: str = ""
    rule: Callable[[Any], Value] | None = None
    needs_restart: bool = False


@dataclass(frozen=True, slots=True)
class Declaration:
    """One setting as the rest of the program sees it."""

    section: str
    name: str
    kind: type[bool] | type[int] | type[float] | type[str]
    default: Value
    choices: tuple[str, ...]
    setting: Setting

    @property
    def key(self) -> str:
        return f"{self.section}.{self.name}"

    def accept(self, raw: object, *, called: str = "") -> Value:
        """The value to keep. SettingsError, naming `called` or else the key, when there is none."""
        try:
            return self._checked(_typed(raw, self.kind))
        except ValueError as error:
            raise SettingsError(
                self.key, f"{called or self.key} = {shown(raw)}: {error}."
            ) from None

    def parse(self, text: str, *, called: str) -> Value:
        """Like `accept`, for text from the environment or the command line."""
        try:
            return self._checked(_from_text(text, self.kind))
        except ValueError as error:
            raise SettingsError(self.key, f"{called} = {shown(text)}: {error}.") from None

    def _checked(self, value: Value) -> Value:
        if self.choices and value not in self.choices:
            raise ValueError(f"must be one of {', '.join(self.choices)}")
        return self.setting.rule(value) if self.setting.rule else value


def declarations_of(sections: type) -> tuple[Declaration, ...]:
    """All settings of a dataclass whose fields are section dataclasses, in order."""
    hints = get_type_hints(sections)
    return tuple(
        declaration
        for section in fields(sections)
        for declaration in _of_section(section.name, hints[section.name])
    )


def shown(raw: object) -> str:
    """A value as it may stand in a message: short, on one line and without a password."""
    if isinstance(raw, str):
        text = escape(redact(raw[:_LONGEST_TEXT]))
        return f"'{text}'" if len(text) <= 80 else f"'{text[:79]}…'"
    if isinstance(raw, bool):
        return str(raw).lower()
    if isinstance(raw, float) or (isinstance(raw, int) and abs(raw) < 10**_LONGEST_NUMBER):
        return str(raw)
    return _KINDS.get(type(raw), f"a {type(raw).__name__}")


def _of_section(section: str, kind: type) -> list[Declaration]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        _declaration(section, item.name, item.default, hints[item.name]) for item in fields(kind)
    ]


def _declaration(section: str, name: str, default: Any, hint: Any) -> Declaration:
    if get_origin(hint) is not Annotated:
        raise TypeError(f"{section}.{name} has no Setting in its annotation")
    kind, setting = get_args(hint)
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    return Declaration(section, name, str if choices else kind, default, choices, setting)


def _typed(raw: object, kind: type) -> Value:
    # `type`, since True is an int, too.
    if kind is float and type(raw) is int:
        raw = float(raw) if abs(raw) < 10**15 else math.inf
    if type(raw) is not kind:
        raise ValueError(f"must be {_NOUNS[kind]}")
    if isinstance(raw, float):
        return _finite(raw)
    if isinstance(raw, str):
        return _clean(raw)
    return raw  # type: ignore[return-value] # its type is `kind`, which is bool or int


def _from_text(text: str, kind: type) -> Value:
    if kind is str:
        return _clean(text)
    word = text.strip().lower()
    if kind is bool and word in (*_TRUE, *_FALSE):
        return word in _TRUE
    if kind is not bool and len(word) <= _LONGEST_NUMBER:
        try:
            return int(word) if kind is int else _finite(float(word))
        except ValueError:
            pass
    raise ValueError(f"must be {_NOUNS[kind]}")


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("must be an ordinary number")
    return number


def _clean(text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"must be shorter than {_LONGEST_TEXT} characters")
    if escape(text) != text:
        raise ValueError("must not contain control characters")
    return text
