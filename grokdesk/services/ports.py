"""What the services need from below, where more than one implementation exists."""

from typing import Protocol

from grokdesk.domain.account import Account, Token
from grokdesk.domain.attachment import UploadFile
from grokdesk.domain.catalog import ModelSpec
from grokdesk.domain.chat import Emit, Prompt
from grokdesk.domain.errors import UpstreamError
from grokdesk.domain.probe import ProbeReading, QuotaReading


class Upstream(Protocol):
    """Serves calls with one account. Every failure is an UpstreamError."""

    async def chat(
        self, account: Account, token: Token, spec: ModelSpec, prompt: Prompt, emit: Emit
    ) -> None:
        """Emit the reply, ending with Finish; cancelling aborts the call at once."""
        ...

    async def upload(self, account: Account, token: Token, file: UploadFile) -> str:
        """Leave a file with the account; return its id, for a prompt of the same account."""
        ...

    async def probe(self, account: Account, token: Token) -> ProbeReading:
        """Identity and quota windows, without spending a call."""
        ...

    async def quota(self, account: Account, token: Token) -> QuotaReading:
        """What is left, without spending a call."""
        ...

    async def renew_session(self, after: UpstreamError) -> bool:
        """Start over as a fresh browser session, after a challenge; one at a time.

        True when another try may succeed, also if the session was renewed since the failed
        attempt began; False when nothing new could be had.
        """
        ...

    def wake(self) -> None:
        """The machine slept or changed networks: idle connections are dropped, and running calls
        must show life within a few seconds or fail."""
        ...


class Vault(Protocol):
    """Where tokens are kept, and the few secrets beside them (see store.secrets)."""

    async def put(self, account_id: str, token: Token) -> None: ...

    async def get(self, account_id: str) -> Token | None:
        """None when there is none; raise VaultLockedError when it cannot be read."""
        ...

    async def delete(self, account_id: str) -> None: ...
