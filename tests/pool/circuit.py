"""What the circuit breaker of upstream has to do: the part of the oracle that is about all."""

from grokdesk.domain.errors import LocalNetworkError, UpstreamError, UpstreamUnavailableError

OPEN_AFTER = 5
ACCOUNTS_INVOLVED = 3
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 60.0


class Circuit:
    """Five failures without a success, with three accounts, or all: nobody asks for a while; then
    one call alone finds out."""

    def __init__(self) -> None:
        self.trust()

    def trust(self) -> None:
        self.pause_s = FIRST_PAUSE_S
        self.open_until: float | None = None
        """None: closed."""
        self.probe: int | None = None
        self._half_open = False
        self._failed: list[str] = []

    def lets_through(self, t: float) -> bool:
        if self.open_until is None:
            return True
        if t >= self.open_until:
            self._half_open = True
        return self._half_open and self.probe is None

    def passed(self, serial: int) -> None:
        if self._half_open:
            self.probe = serial

    def ended(
        self,
        serial: int,
        account_id: str,
        error: BaseException | None,
        t: float,
        usable: int,
    ) -> None:
        was_probe = serial == self.probe
        if was_probe:
            self.probe = None
        if isinstance(error, UpstreamUnavailableError):
            self._note(account_id, t, usable, was_probe)
        elif error is None or (
            isinstance(error, UpstreamError) and not isinstance(error, LocalNetworkError)
        ):
            self.trust()  # it answered

    def _note(self, account_id: str, t: float, usable: int, was_probe: bool) -> None:
        if was_probe:
            self.pause_s = min(LONGEST_PAUSE_S, 2 * self.pause_s)
            self._open(t)
            return
        if self.open_until is not None:
            return
        self._failed.append(account_id)
        enough = min(ACCOUNTS_INVOLVED, max(1, usable))
        if len(self._failed) >= OPEN_AFTER and len(set(self._failed)) >= enough:
            self._open(t)

    def _open(self, t: float) -> None:
        self.open_until = t + self.pause_s
        self._half_open = False
        self._failed.clear()
