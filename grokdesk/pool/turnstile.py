"""Callers that wait for a running call to end, first come, first served."""

import asyncio
from collections import deque
from collections.abc import Hashable

_LOOK_AGAIN_S = 1.0


class Turnstile:
    """`release` lets the first caller of each kind through. It may find that another was faster
    and waits again, at the front; else the next one is let through. Callers of one kind can be
    served by the same accounts.

    Once a second the first ones try anyway: what ends by time alone tells nobody.
    """

    def __init__(self) -> None:
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}
        self._through: dict[Hashable, asyncio.Future[None]] = {}
        """Whose turn it is, at most one of each kind."""
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    async def wait(self, kind: Hashable = None, *, again: bool = False) -> None:
        """`again`: it was our turn, and nothing was free."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        queue = self._waiting.setdefault(kind, deque())
        if again:
            self._through.pop(kind, None)
            queue.appendleft(turn)
        else:
            queue.append(turn)
        self._look_again_later(loop)
        try:
            await turn
        except asyncio.CancelledError:
            if self._through.get(kind) is turn:
                self._next(kind, turn)
            elif turn in queue:
                queue.remove(turn)
                self._tidy(kind)
            raise
        loop.call_soon(self._next, kind, turn)

    def release(self) -> None:
        for kind in tuple(self._waiting):
            if kind not in self._through:
                self._let_through(kind)

    def _next(self, kind: Hashable, turn: asyncio.Future[None]) -> None:
        """This turn is over; unless its caller waits again, there may be room for one more."""
        if self._through.get(kind) is turn:
            del self._through[kind]
            self._let_through(kind)

    def _let_through(self, kind: Hashable) -> None:
        queue = self._waiting.get(kind)
        while queue:
            turn = queue.popleft()
            if not turn.done():
                self._through[kind] = turn
                turn.set_result(None)
                break
        self._tidy(kind)

    def _tidy(self, kind: Hashable) -> None:
        if not self._waiting.get(kind, True):
            del self._waiting[kind]

    def _look_again_later(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is None:
            self._timer = loop.call_later(_LOOK_AGAIN_S, self._look_again, loop)

    def _look_again(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        if self._waiting:
            self._look_again_later(loop)
            self.release()
