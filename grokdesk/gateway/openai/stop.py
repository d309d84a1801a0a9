"""Stop texts: cut the answer before the first of them, wherever the chunks break it."""

import asyncio

from grokdesk.domain.chat import Chunk, Emit, TextDelta
from grokdesk.gateway.interrupt import Interruptible


class StopCutter:
    """Stands before `emit` and ends the running call once a stop text is found."""

    def __init__(self, stops: tuple[str, ...], emit: Emit, call: Interruptible) -> None:
        self.found = False
        self.passed: list[str] = []
        """The text that went on, for an estimate of a call that was cut."""
        self._stops = stops
        self._emit = emit
        self._call = call
        self._held = ""

    async def emit(self, chunk: Chunk) -> None:
        if self.found:
            return
        if not isinstance(chunk, TextDelta):
            await self._emit(chunk)
            return
        text = self._held + chunk.text
        cuts = [cut for stop in self._stops if (cut := text.find(stop)) >= 0]
        if cuts:
            self.found = True
            await self._pass(text[: min(cuts)])
            self._call.interrupt()
            await asyncio.sleep(0)  # here the interruption takes effect
            return
        held = self._possible_start(text)
        self._held = text[len(text) - held :]
        await self._pass(text[: len(text) - held])

    async def flush(self) -> None:
        """The reply is complete, so what was held back was no stop text."""
        await self._pass(self._held)
        self._held = ""

    async def _pass(self, text: str) -> None:
        if text:
            self.passed.append(text)
            await self._emit(TextDelta(text))

    def _possible_start(self, text: str) -> int:
        """How many characters at the end may be the beginning of a stop text."""
        longest = max(map(len, self._stops)) - 1
        for length in range(min(longest, len(text)), 0, -1):
            end = text[-length:]
            if any(stop.startswith(end) for stop in self._stops):
                return length
        return 0
