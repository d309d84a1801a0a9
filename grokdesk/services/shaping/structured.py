"""An answer that must be JSON: asked for in words, checked, and asked for once more if wrong."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from grokdesk.domain.chat import AnswerFormat, Chunk, TextDelta
from grokdesk.domain.tools import ToolCall
from grokdesk.services.shaping.held import PLACED, HeldText
from grokdesk.services.shaping.schemas import problem_in
from grokdesk.services.shaping.stage import Stage, Trouble

_FENCE = "```"
_FENCE_LINE = re.compile(r"```[a-zA-Z0-9_-]*[ \t]*\n")
_CITATION = re.compile(r" ?\[\[\d{1,4}\]\]\([^)\s]{0,2000}\)")


def instruction(wanted: AnswerFormat) -> str:
    """What the model is told."""
    told = (
        "Answer with one JSON object and nothing else: no code fence, no words before or after it."
    )
    if wanted.schema is None:
        return told
    return f"{told} It must conform to this JSON schema:\n{_text(wanted.schema)}"


class StructuredStage(Stage):
    """Holds the answer back until it is whole and right; with a tool call it is no answer."""

    def __init__(self, wanted: AnswerFormat) -> None:
        self._wanted = wanted
        self._held = HeldText()
        self._called = False

    def feed(self, chunk: Chunk) -> Iterable[Chunk]:
        held = self._held
        if isinstance(chunk, ToolCall):
            self._called = True
            return (*held.release(), chunk)
        if self._called or not isinstance(chunk, PLACED):
            return (chunk,)
        held.add(chunk)
        return ()

    def finish(self) -> Iterable[Chunk]:
        if self._called:
            return ()
        said = self._held.text
        text = bare_json(said)
        problem = _problem(text, self._wanted.schema)
        if problem:
            self.trouble = Trouble(
                said,
                f"That is not what was asked for: {problem}. {instruction(self._wanted)}",
                f"Grok did not keep to the requested format, also when told so: {problem}.",
            )
            return ()
        if text == said:
            return self._held.release()
        return (*self._held.drop(), TextDelta(text))


def bare_json(said: str) -> str:
    """The JSON text in an answer: without a fence, or without the words around one object."""
    text = said.strip()
    if (opening := _FENCE_LINE.match(text)) and text.endswith(_FENCE, opening.end()):
        text = text[opening.end() : -len(_FENCE)].strip()
    if _decoded(text) is not None:
        return text
    start, end = text.find("{"), text.rfind("}")
    for candidate in (text[start : end + 1], _CITATION.sub("", text[start : end + 1])):
        if start >= 0 and _decoded(candidate) is not None:
            return candidate
    return text


def _problem(text: str, schema: Mapping[str, Any] | None) -> str:
    """Why the answer will not do; empty when it does."""
    answer = _decoded(text)
    if answer is None:
        return "the answer is not valid JSON"
    if schema is None:
        return "" if isinstance(answer, dict) else "the answer is not a JSON object"
    return problem_in(answer, schema)


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None


def _text(schema: Mapping[str, Any]) -> str:
    return msgspec.json.encode(schema).decode()
