"""An event loop whose time passes only while nothing can be done, and then at once."""

import asyncio
import contextlib
import selectors
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")

START = 1_700_000_000.0


class VirtualLoop(asyncio.SelectorEventLoop):
    """`wakeups` counts how often it waited for time to pass."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.wakeups = 0
        super().__init__(_Skipping(self))

    def time(self) -> float:
        return self.elapsed


class VirtualClock:
    """The loop's time as a Clock; `jump` moves the wall clock alone."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._wall = START

    def now(self) -> float:
        return self._wall + self._loop.elapsed

    def monotonic(self) -> float:
        return self._loop.elapsed

    def jump(self, seconds: float) -> None:
        self._wall += seconds


@contextlib.contextmanager
def virtual_loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    try:
        yield loop
    finally:
        loop.close()


def run(loop: VirtualLoop, coroutine: Coroutine[Any, Any, T]) -> T:
    return loop.run_until_complete(coroutine)


class _Skipping(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("nothing will ever happen again")
        if not ready and timeout:
            self._loop.elapsed += timeout
            self._loop.wakeups += 1
        return ready
