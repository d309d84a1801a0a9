"""The few secrets beside the tokens: read from the vault once, then kept in memory."""

import enum

from grokdesk.domain.account import Token
from grokdesk.services.ports import Vault
from grokdesk.store.secrets import SecretStore, entry_of


class SecretName(enum.StrEnum):
    PROXY_PASSWORDS = "proxy-passwords"
    CLEARANCE = "clearance"
    STATSIG = "statsig"


class SecretService:
    """Every method but the constructor may raise VaultLockedError."""

    def __init__(self, vault: Vault, store: SecretStore) -> None:
        self._vault = vault
        self._store = store
        self._known: dict[SecretName, str] = {}

    async def get(self, name: SecretName) -> str:
        """Empty when there is none. A keyring is left alone unless one was stored."""
        if name not in self._known:
            token = await self._vault.get(entry_of(name)) if await self._store.has(name) else None
            self._known[name] = token.reveal() if token else ""
        return self._known[name]

    async def since(self, name: SecretName) -> float | None:
        """When it was put there, Unix time (0: unknown); None: there is none. Asks no keyring."""
        return await self._store.since(name)

    async def put(self, name: SecretName, text: str) -> None:
        """Return when the vault has it; an empty text removes it."""
        if not text:
            await self.delete(name)
            return
        await self._vault.put(entry_of(name), Token(text))
        await self._store.vouch(name)
        self._known[name] = text

    async def delete(self, name: SecretName) -> None:
        if await self._store.has(name):
            await self._store.forget(name)
            await self._vault.delete(entry_of(name))
        self._known.pop(name, None)
