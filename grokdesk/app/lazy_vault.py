"""A vault that opens when a token is first needed: the OS keyring is slow to load."""

import asyncio
from collections.abc import Awaitable, Callable

from grokdesk.domain.account import Token
from grokdesk.services.ports import Vault


class LazyVault:
    """`opener` runs at most once at a time; a failed opening is tried again at the next need."""

    def __init__(self, opener: Callable[[], Awaitable[Vault]]) -> None:
        self._opener = opener
        self._vault: Vault | None = None
        self._lock = asyncio.Lock()

    async def opened(self) -> Vault:
        if self._vault is None:
            async with self._lock:
                if self._vault is None:
                    self._vault = await self._opener()
        return self._vault

    async def put(self, account_id: str, token: Token) -> None:
        await (await self.opened()).put(account_id, token)

    async def get(self, account_id: str) -> Token | None:
        return await (await self.opened()).get(account_id)

    async def delete(self, account_id: str) -> None:
        await (await self.opened()).delete(account_id)
