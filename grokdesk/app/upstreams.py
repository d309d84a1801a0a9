"""Which upstream serves now: grok.com, or the simulator in demo mode."""

from grokdesk.domain.account import Account, Token
from grokdesk.domain.attachment import UploadFile
from grokdesk.domain.catalog import ModelSpec
from grokdesk.domain.chat import Emit, Prompt
from grokdesk.domain.errors import UpstreamError
from grokdesk.domain.probe import ProbeReading, QuotaReading
from grokdesk.services.ports import Upstream


class CurrentUpstream:
    """An Upstream that can be exchanged; running calls end with the one they began with.

    There is none before the first `use`: a command about what is stored asks nobody.
    """

    def __init__(self) -> None:
        self._used: Upstream | None = None

    def use(self, upstream: Upstream) -> None:
        self._used = upstream

    async def chat(
        self, account: Account, token: Token, spec: ModelSpec, prompt: Prompt, emit: Emit
    ) -> None:
        await self._upstream().chat(account, token, spec, prompt, emit)

    async def upload(self, account: Account, token: Token, file: UploadFile) -> str:
        return await self._upstream().upload(account, token, file)

    async def probe(self, account: Account, token: Token) -> ProbeReading:
        return await self._upstream().probe(account, token)

    async def quota(self, account: Account, token: Token) -> QuotaReading:
        return await self._upstream().quota(account, token)

    async def renew_session(self, after: UpstreamError) -> bool:
        return await self._upstream().renew_session(after)

    def wake(self) -> None:
        self._upstream().wake()

    def _upstream(self) -> Upstream:
        if self._used is None:
            raise RuntimeError("no upstream was chosen for this process")
        return self._used
