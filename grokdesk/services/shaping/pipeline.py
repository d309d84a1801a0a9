"""The stages that one reply goes through, one behind the other."""

from collections.abc import Iterable, Sequence

from grokdesk.domain.chat import Chunk, FinishReason
from grokdesk.domain.tools import ToolCall
from grokdesk.services.shaping.stage import Stage, Trouble
from grokdesk.services.shaping.stop import StopStage


class Pipeline:
    """For one attempt: a retry begins with a new one."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._stages = stages
        self._called = False

    @property
    def cut(self) -> bool:
        """The reply ends here; what upstream still says is of no interest."""
        return any(stage.cut is not None for stage in self._stages)

    @property
    def trouble(self) -> Trouble | None:
        return next((stage.trouble for stage in self._stages if stage.trouble), None)

    @property
    def stop_text(self) -> str:
        return next((stage.found for stage in self._stages if isinstance(stage, StopStage)), "")

    def reason(self, said: FinishReason) -> FinishReason:
        """How the answer ends for the client, where upstream ended it as `said`."""
        cut = next((stage.cut for stage in self._stages if stage.cut is not None), said)
        return FinishReason.TOOL_CALLS if self._called else cut

    def feed(self, chunk: Chunk) -> Sequence[Chunk]:
        return self._through(0, (chunk,))

    def finish(self) -> Sequence[Chunk]:
        given: list[Chunk] = []
        for number, stage in enumerate(self._stages):
            if stage.cut is None:
                given += self._through(number + 1, stage.finish())
        return given

    def _through(self, first: int, chunks: Iterable[Chunk]) -> Sequence[Chunk]:
        given = tuple(chunks)
        for stage in self._stages[first:]:
            if not given:
                return given
            given = tuple(out for chunk in given for out in stage.feed(chunk))
        self._called = self._called or any(isinstance(chunk, ToolCall) for chunk in given)
        return given
