"""Tokens in memory: gone at the end of the process, for a session without a safe place."""

from grokdesk.domain.account import Token


class MemoryVault:
    name = "memory"

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    async def put(self, account_id: str, token: Token) -> None:
        self._tokens[account_id] = token

    async def get(self, account_id: str) -> Token | None:
        return self._tokens.get(account_id)

    async def delete(self, account_id: str) -> None:
        self._tokens.pop(account_id, None)

    async def recover(self) -> int:
        return 0
