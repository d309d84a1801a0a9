"""One timer for all connections: heartbeats for silent streams, an end for stalled clients."""

import asyncio
from collections.abc import Callable
from typing import Protocol

_TICK_S = 1.0


class Stream(Protocol):
    """Something that wants a heartbeat when it has been silent for long."""

    async def beat(self, now: float, usual_s: float) -> None:
        """Send one after `usual_s`, or its own time, of silence; `now` is loop time."""
        ...


class Stallable(Protocol):
    """A connection whose client may stop reading."""

    def cut_if_stalled(self, now: float, patience_s: float) -> None:
        """Cut it if its client has taken nothing for so long; `now` is loop time."""
        ...


class Sweeper:
    """Sleeps while there is nothing to watch: an idle gateway causes no wake-ups."""

    def __init__(self, heartbeat_s: Callable[[], float], stall_s: float) -> None:
        self._heartbeat_s = heartbeat_s
        self._stall_s = stall_s
        self._streams: set[Stream] = set()
        self._stalled: set[Stallable] = set()
        self._wanted = asyncio.Event()

    def watch_stream(self, stream: Stream) -> None:
        self._streams.add(stream)
        self._wanted.set()

    def forget_stream(self, stream: Stream) -> None:
        self._streams.discard(stream)

    def watch_stalled(self, connection: Stallable) -> None:
        self._stalled.add(connection)
        self._wanted.set()

    def forget_stalled(self, connection: Stallable) -> None:
        self._stalled.discard(connection)

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wanted.wait()
            heartbeat_s = self._heartbeat_s()
            tick = min(_TICK_S, heartbeat_s / 4, self._stall_s / 4)
            await asyncio.sleep(tick)
            now = loop.time()
            # A tick early, because the next look would be too late.
            for stream in tuple(self._streams):
                await stream.beat(now + tick, heartbeat_s)
            for connection in tuple(self._stalled):
                connection.cut_if_stalled(now, self._stall_s)
            if not self._streams and not self._stalled:
                self._wanted.clear()
