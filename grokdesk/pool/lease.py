"""The right to make one call with one account; it settles itself, whatever happened."""

from collections.abc import Callable
from types import TracebackType

from grokdesk.domain.account import Account
from grokdesk.domain.quota import Mode


class Lease:
    """`async with lease:` - leaving the block tells the pool how the call ended."""

    __slots__ = ("_settle", "_settled", "account", "mode")

    def __init__(
        self,
        account: Account,
        mode: Mode,
        settle: Callable[["Lease", BaseException | None], None],
    ) -> None:
        self.account = account
        self.mode = mode
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
