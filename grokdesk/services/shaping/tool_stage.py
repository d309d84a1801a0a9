"""Tool calls out of the text of a reply."""

from collections.abc import Iterable

from grokdesk.domain.chat import Chunk
from grokdesk.domain.tools import ToolUse
from grokdesk.services.shaping.stage import Stage


class ToolStage(Stage):
    """`is_last`: a missing call is not asked for again; the text is given instead."""

    def __init__(self, use: ToolUse, *, is_last: bool = False) -> None:
        self._use = use
        self._is_last = is_last

    def feed(self, chunk: Chunk) -> Iterable[Chunk]:
        raise NotImplementedError

    def finish(self) -> Iterable[Chunk]:
        raise NotImplementedError
