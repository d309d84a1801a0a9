"""The markup that models write calls with, each piece known also by its beginning."""

import enum
import re
from dataclasses import dataclass
from html import unescape
from typing import Final


@dataclass(frozen=True, slots=True)
class Mark:
    """`whole` matches where the mark stands; `begun` what may become one with more text."""

    whole: re.Pattern[str]
    begun: re.Pattern[str]


class Part(enum.Enum):
    ROOT = enum.auto()
    ITEM = enum.auto()
    """One call."""
    NAME = enum.auto()
    ARGUMENTS = enum.auto()
    PARAMETER = enum.auto()
    """One argument, named by an attribute."""
    RESULT = enum.auto()
    """What a tool gave back: the model made it up."""


_PARTS: Final = {
    "tool_calls": Part.ROOT,
    "function_calls": Part.ROOT,
    "tool_call": Part.ITEM,
    "function_call": Part.ITEM,
    "invoke": Part.ITEM,
    "tool_name": Part.NAME,
    "function_name": Part.NAME,
    "name": Part.NAME,
    "parameters": Part.ARGUMENTS,
    "arguments": Part.ARGUMENTS,
    "input": Part.ARGUMENTS,
    "parameter": Part.PARAMETER,
    "tool_result": Part.RESULT,
    "tool_results": Part.RESULT,
    "tool_response": Part.RESULT,
    "tool_output": Part.RESULT,
    "function_result": Part.RESULT,
    "function_results": Part.RESULT,
    "function_response": Part.RESULT,
}
_NAMESPACES: Final = ("xai", "grok", "antml")
_NAME_ATTRIBUTE: Final = re.compile(
    r"""\bname\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'/>]+))""", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Tag:
    """`name` is the attribute of that name; `is_empty` stands for `<tag/>`."""

    part: Part
    word: str
    closing: bool
    name: str
    is_empty: bool
    length: int

    @property
    def opens_item(self) -> bool:
        return self.part is Part.ITEM and not self.closing


def tag_of(found: re.Match[str]) -> Tag:
    slash, word, attributes = found.groups()
    word = word.lower()
    return Tag(
        _PARTS[word],
        word,
        bool(slash),
        name_attribute(attributes),
        attributes.rstrip().endswith("/"),
        found.end(),
    )


def name_attribute(attributes: str) -> str:
    found = _NAME_ATTRIBUTE.search(attributes)
    return unescape(next(filter(None, found.groups()), "")).strip() if found else ""


def _begun(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(map(_beginning, words)))


def _beginning(word: str) -> str:
    """Matches every beginning of the word, the empty one included."""
    pattern = ""
    for character in reversed(word):
        pattern = f"(?:{re.escape(character)}{pattern})?"
    return pattern


def _tags(*parts: Part) -> Mark:
    words = [word for word, part in _PARTS.items() if part in parts]
    start = r"<\s{0,3}(/?)\s{0,3}"
    space = f"(?:(?:{'|'.join(_NAMESPACES)}):)?"
    word, attributes = f"({'|'.join(words)})", r"((?:[\s/][^<>]*)?)"
    begun_space = _begun(*(f"{name}:" for name in _NAMESPACES)).pattern
    begun_word = _begun(*words).pattern
    return Mark(
        re.compile(rf"{start}{space}{word}{attributes}>", re.IGNORECASE),
        re.compile(
            rf"{start}(?:{begun_space}|{space}(?:{begun_word}|{word}{attributes}))", re.IGNORECASE
        ),
    )


OUTER: Final = _tags(Part.ROOT, Part.ITEM, Part.RESULT)
"""What may stand in the answer itself."""
INNER: Final = _tags(Part.ROOT, Part.ITEM, Part.NAME, Part.ARGUMENTS, Part.PARAMETER)
"""What may stand within a call."""
ANY_OPENING: Final = Mark(
    re.compile(r"<([A-Za-z_][\w.:-]{0,63})((?:[\s/][^<>]*)?)>"),
    re.compile(r"<(?:[A-Za-z_][\w.:-]{0,63}(?:[\s/][^<>]*)?)?"),
)
ANY_CLOSING: Final = Mark(
    re.compile(r"</\s{0,3}([A-Za-z_][\w.:-]{0,63})\s{0,3}>"),
    re.compile(r"<(?:/\s{0,3}(?:[A-Za-z_][\w.:-]{0,63}\s{0,3})?)?"),
)
CDATA: Final = Mark(re.compile(r"<!\[CDATA\["), _begun("<![CDATA["))
CDATA_END: Final = Mark(re.compile(r"\]\]>"), _begun("]]>"))
QUOTE_ENTITY: Final = Mark(re.compile("&quot;|&#34;"), _begun("&quot;", "&#34;"))

FENCE: Final = Mark(
    re.compile(r"(`{3,})([\w+.#-]{0,20})(?=[^\w+.#`-])"),
    re.compile(r"`{1,2}|`{3,}[\w+.#-]{0,20}"),
)
_HEADINGS: Final = ("[tool]", "[user]", "[assistant]", "[system]")
MADE_UP_TURN: Final = Mark(
    re.compile(r"\[(?:tool|user|assistant|system)\](?=[^(])|Tool result \("),
    _begun(*_HEADINGS, "Tool result ("),
)
"""The headings of our own flat prompts; a `(` would make it a link."""

_CALL_KEYS: Final = (
    "tool_calls",
    "name",
    "tool_name",
    "function",
    "function_call",
    "arguments",
    "input",
    "parameters",
    "type",
    "id",
)
CALL_KEY: Final = Mark(
    re.compile(rf'"(?:{"|".join(_CALL_KEYS)})"'),
    _begun(*(f'"{key}"' for key in _CALL_KEYS)),
)
"""What the JSON object of a call may begin with."""
