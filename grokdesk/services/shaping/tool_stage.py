"""Tool calls out of the text of a reply."""

from collections.abc import Iterable

from grokdesk.domain.chat import Chunk, FinishReason, TextDelta
from grokdesk.domain.tools import ToolUse
from grokdesk.services.shaping.held import PLACED, HeldText
from grokdesk.services.shaping.stage import Stage, Trouble
from grokdesk.services.shaping.tool_findings import Finding
from grokdesk.services.shaping.tool_forms import Declared
from grokdesk.services.shaping.tool_parser import ToolParser
from grokdesk.services.shaping.tool_prompt import when_to_call


class ToolStage(Stage):
    """Where a call is a must, text waits for it. `is_last`: it is not asked for again; the text
    is given instead."""

    def __init__(self, use: ToolUse, *, is_last: bool = False) -> None:
        self._use = use
        self._is_last = is_last
        self._parser = ToolParser(Declared(use))
        self._held = HeldText()
        self._waits = use.must_call
        self._waiting = 0
        """Characters of text that a missing call keeps back."""

    def feed(self, chunk: Chunk) -> Iterable[Chunk]:
        if self.cut is not None:
            return ()
        if isinstance(chunk, TextDelta):
            self._held.add(chunk)
            return self._given(self._parser.feed(chunk.text))
        if not self._held or not isinstance(chunk, PLACED):
            return (chunk,)
        self._held.add(chunk)
        return ()

    def finish(self) -> Iterable[Chunk]:
        given = self._given(self._parser.finish())
        if self.cut is not None:
            return given
        if not self._waits or self._is_last:
            return [*given, *self._held.release()]
        self.trouble = self._missing_call()
        return ()

    def _given(self, findings: Iterable[Finding]) -> list[Chunk]:
        given: list[Chunk] = []
        for finding in findings:
            if finding.calls is None:
                self._waiting += finding.length
                if not self._waits:
                    given += self._text()
                continue
            self._waits = False
            given += self._text()
            given += self._held.drop(finding.length)
            if finding.calls and not self._use.parallel:
                self.cut = FinishReason.TOOL_CALLS
                return [*given, finding.calls[0]]
            given += finding.calls
        if self._parser.ended:
            self.cut = FinishReason.TOOL_CALLS
        return given

    def _text(self) -> list[Chunk]:
        length, self._waiting = self._waiting, 0
        return self._held.release(length)

    def _missing_call(self) -> Trouble:
        said = self._held.text
        return Trouble(
            said,
            "That answer contains no valid call of a tool. "
            f"{when_to_call(self._use)} Write the <tool_calls> block as described.",
            "Grok answered in words where a tool call was required, also when told so.",
        )
