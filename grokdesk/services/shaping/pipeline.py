"""The stages that one reply goes through, one behind the other."""

from collections.abc import Sequence

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
        for stage in self._stages:  # noqa: SIM110 - asked after every chunk; `any` is slower
            if stage.cut is not None:
                return True
        return False

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
        return self._through(self._stages, (chunk,))

    def finish(self) -> Sequence[Chunk]:
        given: list[Chunk] = []
        for number, stage in enumerate(self._stages):
            if stage.cut is None:
                given += self._through(self._stages[number + 1 :], tuple(stage.finish()))
        return given

    def _through(self, stages: Sequence[Stage], given: tuple[Chunk, ...]) -> Sequence[Chunk]:
        for stage in stages:
            if len(given) == 1:  # nearly always
                given = tuple(stage.feed(given[0]))
            else:
                given = tuple(out for chunk in given for out in stage.feed(chunk))
        for chunk in given:
            if type(chunk) is ToolCall:
                self._called = True
        return given
