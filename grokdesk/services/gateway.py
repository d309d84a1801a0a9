"""The gateway as a person sees it: running or paused, where, and how busy."""

import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from grokdesk.domain.errors import GatewayPausedError
from grokdesk.domain.events import GatewayChanged
from grokdesk.kernel.bus import EventBus


class GatewayState(enum.StrEnum):
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class GatewaySnapshot:
    """`error` is a sentence when the state is FAILED; `free_port` may then be offered instead."""

    state: GatewayState = GatewayState.STARTING
    host: str = "127.0.0.1"
    port: int = 0
    demo: bool = False
    running_requests: int = 0
    error: str = ""
    free_port: int | None = None

    @property
    def base_url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/v1"


class GatewayService:
    """Pause, resume and admission of requests."""

    def __init__(self, bus: EventBus) -> None:
        self.listen: Callable[[int], Awaitable[None]] | None = None
        """Set by the composition root: try again on a port, for the window's offer.
        Raises ConflictError."""
        self._bus = bus
        self._snapshot = GatewaySnapshot()
        self._running = 0

    @property
    def is_demo(self) -> bool:
        """Asked for with every answer, so without making a snapshot."""
        return self._snapshot.demo

    def snapshot(self) -> GatewaySnapshot:
        if self._snapshot.running_requests != self._running:
            self._snapshot = replace(self._snapshot, running_requests=self._running)
        return self._snapshot

    def pause(self) -> None:
        """New requests are refused; running ones end on their own."""
        if self._snapshot.state is GatewayState.RUNNING:
            self.change(state=GatewayState.PAUSED)

    def resume(self) -> None:
        if self._snapshot.state is GatewayState.PAUSED:
            self.change(state=GatewayState.RUNNING)

    def check(self) -> None:
        """Raise GatewayPausedError when no request is taken now."""
        state = self._snapshot.state
        if state is GatewayState.PAUSED:
            raise GatewayPausedError("Grokdesk is paused. Resume it from the tray menu.")
        if state is not GatewayState.RUNNING:
            raise GatewayPausedError(f"Grokdesk is {state.value}. Try again in a moment.")

    def count(self, change: int) -> None:
        """Called by admissions, twice per request: the snapshot is made when it is looked at."""
        self._running += change
        self._bus.publish(GatewayChanged())

    def change(self, **changes: object) -> None:
        """For the composition root: state, address, demo, error."""
        self._snapshot = replace(self._snapshot, **changes)  # type: ignore[arg-type]
        self._bus.publish(GatewayChanged())
