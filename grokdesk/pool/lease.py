"""The right to make one call with one account; it settles itself, whatever happened."""

from collections.abc import Callable
from types import TracebackType

from grokdesk.domain.account import Account
from grokdesk.domain.quota import Mode


class Lease:
    """`async with lease:` - leaving the block tells the pool how the call ended."""

    __slots__ = (
        "_settle",
        "_settled",
        "account",
        "began",
        "holder",
        "mode",
        "number",
        "probe",
        "request_id",
    )

    def __init__(
        self,
        account: Account,
        mode: Mode,
        settle: Callable[["Lease", BaseException | None], None],
        *,
        holder: object = None,
        number: int = 0,
        began: float = 0.0,
        probe: int = 0,
        request_id: str = "",
    ) -> None:
        self.account = account
        self.mode = mode
        self.holder = holder
        """The pool's own mark: the same account may have left and come back meanwhile."""
        self.began = began
        """Elapsed time."""
        self.number = number
        """Counts the account's calls in this mode, from 1."""
        self.probe = probe
        """Not 0: it finds out whether upstream is well again."""
        self.request_id = request_id
        self._settle = settle
        self._settled = False

    async def __aenter__(self) -> "Lease":
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.settle(error)

    def settle(self, error: BaseException | None = None) -> None:
        """For a lease that never got to its `async with`; a second call does nothing."""
        if not self._settled:
            self._settled = True
            self._settle(self, error)
