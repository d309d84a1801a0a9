"""Tokens at hand: read from the vault once, then kept in memory while the app runs."""

from grokdesk.domain.account import Token
from grokdesk.domain.errors import VaultLockedError
from grokdesk.services.ports import Vault


class TokenKeeper:
    """The OS keyring takes some 20 ms per read, so each token is read once."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._known: dict[str, Token] = {}

    async def get(self, account_id: str) -> Token:
        """Raise VaultLockedError when the token cannot be read."""
        token = self._known.get(account_id)
        if token is None:
            token = await self._vault.get(account_id)
            if token is None:
                raise VaultLockedError(
                    "The token of this account is not in the keyring any more. Import it again."
                )
            self._known[account_id] = token
        return token

    async def has(self, account_id: str) -> bool:
        """Raise VaultLockedError when the vault cannot tell."""
        return account_id in self._known or await self._vault.get(account_id) is not None

    def remember(self, account_id: str, token: Token) -> None:
        """A token that lives in memory only."""
        self._known[account_id] = token

    async def put(self, account_id: str, token: Token) -> None:
        """Return when the vault has it."""
        await self._vault.put(account_id, token)
        self._known[account_id] = token

    async def delete(self, account_id: str) -> None:
        self._known.pop(account_id, None)
        await self._vault.delete(account_id)
