"""What the services need from below, where more than one implementation exists."""

from typing import Protocol

from grokdesk.domain.account import Account, Token
from grokdesk.domain.catalog import ModelSpec
from grokdesk.domain.chat import ChatRequest, Emit
from grokdesk.domain.probe import ProbeReading


class Upstream(Protocol):
    """Serves calls with one account. Every failure is an UpstreamError."""

    async def chat(
        self, account: Account, token: Token, spec: ModelSpec, request: ChatRequest, emit: Emit
    ) -> None:
        """Emit the reply, ending with Finish; cancelling aborts the call at once."""
        ...

    async def probe(self, account: Account, token: Token) -> ProbeReading:
        """Identity and quota windows, without spending a call."""
        ...

    async def renew_session(self) -> None:
        """Start over as a fresh browser session, after a challenge."""
        ...


class Vault(Protocol):
    """Where tokens are kept."""

    async def put(self, account_id: str, token: Token) -> None: ...

    async def get(self, account_id: str) -> Token | None:
        """None when there is none; raise VaultLockedError when it cannot be read."""
        ...

    async def delete(self, account_id: str) -> None: ...
