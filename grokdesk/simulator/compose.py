"""From a prompt to an answer; `!keywords` in the last user text choose what kind.

What a model does with tools and formats is in `acting.py`.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from grokdesk.simulator import texts
from grokdesk.simulator.acting import Acted, act
from grokdesk.simulator.answer import Answer, Ending, Fault, Say, Step, Think
from grokdesk.simulator.prompt import last_user_text
from grokdesk.simulator.search_answer import search_steps

_KEYWORD: Final = re.compile(r"(?:^|\s)!([a-z]+(?:-[a-z]+)?)(?:[ \t]+(\d+))?")
_SAY: Final = re.compile(r"(?:^|\s)!say[ \t\n]+(.*)", re.DOTALL)
_TWO_WORDS: Final = re.compile(r"\s*\S+\s+\S+\s*|\s*\S+\s*|\s+")

_MOST_CHUNKS: Final = 1_000_000
_MOST_CHARACTERS: Final = 64 * 1024 * 1024

_INTERNAL: Final = Fault(13, "Internal error while generating")


def compose(prompt: str) -> Answer:
    acted = act(prompt)
    question = acted.rest if acted else last_user_text(prompt)
    keywords = keywords_of(question)
    if acted:
        steps = _acted_steps(acted, keywords)
    elif keywords:
        steps = _steps(prompt, question, keywords)
    else:
        steps = say(texts.plain(question))
    delay_ms = keywords.get("slow")
    return Answer(
        steps,
        _ending(keywords),
        None if delay_ms is None else delay_ms / 1000,
    )


def keywords_of(question: str) -> dict[str, int | None]:
    if "!" not in question:
        return {}
    found = _KEYWORD.findall(question)
    return {name: int(number) if number else None for name, number in found if name in _KNOWN}


def say(text: str) -> tuple[Say, ...]:
    """The text in pieces of two words; joined, they are the text again."""
    return tuple(Say(piece) for piece in _TWO_WORDS.findall(text))


def _steps(prompt: str, question: str, keywords: dict[str, int | None]) -> Sequence[Step]:
    if "stall" in keywords:
        return ()
    steps: list[Step] = []
    if "think" in keywords:
        steps += _thoughts(question)
    if "search" in keywords:
        return steps + search_steps(texts.excerpt(question))
    name = next((name for name in _BODIES if name in keywords), None)
    if name is None:
        return (*steps, *say(texts.plain(question)))
    said = _BODIES[name](prompt, question, keywords[name])
    return (*steps, *said) if steps else said


def _acted_steps(acted: Acted, keywords: dict[str, int | None]) -> Sequence[Step]:
    """`!think` and `!say` come first."""
    thoughts = _thoughts(acted.rest) if "think" in keywords else ()
    said = _SAY.search(acted.rest)
    words = f"{said[1].strip()}\n\n" if said and said[1].strip() else ""
    return (*thoughts, *say(words + acted.text))


def _ending(keywords: dict[str, int | None]) -> Ending | Fault:
    if "stall" in keywords:
        return Ending.STALL
    return _INTERNAL if "error-mid" in keywords else Ending.COMPLETE


def _thoughts(question: str) -> tuple[Think, ...]:
    return (
        Think("Thinking about your request", "header", 0),
        Think(f"- The user asks: {texts.excerpt(question)}\n", step=1),
        Think("- Keep it short, and the same every time.\n", step=2),
    )


@lru_cache(maxsize=32)
def _long(chunks: int) -> tuple[Say, ...]:
    return tuple(Say(f"word{i} ") for i in range(1, chunks + 1))


@lru_cache(maxsize=8)
def _sized(characters: int) -> tuple[Say, ...]:
    return in_slices(texts.filler(characters), 64)


def in_slices(text: str, size: int) -> tuple[Say, ...]:
    return tuple(Say(text[i : i + size]) for i in range(0, len(text), size))


def _say(question: str) -> tuple[Say, ...]:
    match = _SAY.search(question)
    return say(match.group(1)) if match else ()


_Make = Callable[[str, str, int | None], tuple[Say, ...]]

# The first one whose keyword is there makes the text.
_BODIES: Final[dict[str, _Make]] = {
    "say": lambda _prompt, question, _n: _say(question),
    "echo": lambda prompt, _question, _n: in_slices(prompt, 24),
    "long": lambda _prompt, _question, n: _long(min(n or 100, _MOST_CHUNKS)),
    "size": lambda _prompt, _question, n: _sized(min(n or 1000, _MOST_CHARACTERS)),
    # Cut inside emoji sequences, on purpose.
    "unicode": lambda _prompt, _question, _n: in_slices(texts.UNICODE, 2),
    "markdown": lambda _prompt, _question, _n: say(texts.MARKDOWN),
}
_KNOWN: Final = frozenset({*_BODIES, "think", "search", "error-mid", "stall", "slow"})
