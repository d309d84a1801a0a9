"""The running program's vault: opened at the first need, exchanged when outgrown."""

import asyncio
from collections.abc import Callable

from grokdesk.domain.account import Token
from grokdesk.store.choose import KEYRING_LIMIT, OpenedVault, VaultChooser, VaultKind
from grokdesk.store.vault import Vault


class LazyVault:
    """The OS keyring is slow to load, so a start does not wait for it.

    A failed opening is tried again at the next need. `on_notice` hears what the user must know.
    """

    def __init__(
        self, chooser: VaultChooser, kind: VaultKind, on_notice: Callable[[str], None]
    ) -> None:
        self._chooser = chooser
        self._kind = kind
        self._on_notice = on_notice
        self._vault: Vault | None = None
        self._lock = asyncio.Lock()

    async def opened(self) -> Vault:
        """Raise VaultLockedError when none can be opened now."""
        if self._vault is None:
            async with self._lock:
                if self._vault is None:
                    vault = self._told(await self._chooser.open(self._kind))
                    await vault.recover()
                    self._vault = vault
        return self._vault

    async def make_room(self, accounts: int) -> None:
        """A keyring rewrites its file for each entry: many accounts go into sealed rows."""
        vault = await self.opened()
        if self._kind == "auto" and vault.name == "keyring" and accounts > KEYRING_LIMIT:
            async with self._lock:
                self._vault = self._told(await self._chooser.switch(vault, "sealed"))

    async def put(self, account_id: str, token: Token) -> None:
        await (await self.opened()).put(account_id, token)

    async def get(self, account_id: str) -> Token | None:
        return await (await self.opened()).get(account_id)

    async def delete(self, account_id: str) -> None:
        await (await self.opened()).delete(account_id)

    def _told(self, opened: OpenedVault) -> Vault:
        if opened.notice:
            self._on_notice(opened.notice)
        return opened.vault
