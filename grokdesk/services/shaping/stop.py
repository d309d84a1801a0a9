"""Stop texts: end the answer before the first of them, wherever the chunks break it."""

from collections.abc import Iterable

from grokdesk.domain.chat import Chunk, FinishReason, TextDelta
from grokdesk.domain.tools import ToolCall
from grokdesk.services.shaping.held import PLACED, HeldText
from grokdesk.services.shaping.stage import Stage


class StopStage(Stage):
    def __init__(self, stops: tuple[str, ...]) -> None:
        self.found = ""
        """The stop text that ended the answer."""
        self._stops = stops
        self._held = HeldText()

    def feed(self, chunk: Chunk) -> Iterable[Chunk]:
        if self.cut is not None:
            return ()
        held = self._held
        if isinstance(chunk, ToolCall):
            return (*held.release(), chunk)  # no stop text goes on behind a call
        if not isinstance(chunk, TextDelta):
            if not held or not isinstance(chunk, PLACED):
                return (chunk,)
            held.add(chunk)
            return ()
        held.add(chunk)
        text = held.text
        found = [(at, -len(stop), stop) for stop in self._stops if (at := text.find(stop)) >= 0]
        if found:
            at, _, self.found = min(found)
            self.cut = FinishReason.STOP
            return held.release(at)
        return held.release(len(text) - self._possible_start(text))

    def finish(self) -> Iterable[Chunk]:
        return () if self.cut is not None else self._held.release()

    def _possible_start(self, text: str) -> int:
        """How many characters at the end may be the beginning of a stop text."""
        return max(_overlap(text, stop) for stop in self._stops)


def _overlap(text: str, stop: str) -> int:
    """The longest end of `text` that `stop` begins with, but is not yet all of it."""
    at = text.find(stop[0], max(0, len(text) - len(stop) + 1))
    while at >= 0 and not stop.startswith(text[at:]):
        at = text.find(stop[0], at + 1)
    return len(text) - at if at >= 0 else 0
