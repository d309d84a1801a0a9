"""Who was served last: tells an account's own trouble from everybody's."""

_RECENT_S = 300.0


class Successes:
    """Remembers the last two accounts, so that there is another one for each."""

    __slots__ = ("_before", "_last")

    def __init__(self) -> None:
        self._last = ("", float("-inf"))
        self._before = ("", float("-inf"))

    def note(self, account_id: str, elapsed: float) -> None:
        if account_id != self._last[0]:
            self._before = self._last
        self._last = (account_id, elapsed)

    def of_others(self, account_id: str, elapsed: float) -> bool | None:
        """Whether another account was served within the last minutes; None: none was ever."""
        name, moment = self._before if self._last[0] == account_id else self._last
        return elapsed - moment <= _RECENT_S if name else None
