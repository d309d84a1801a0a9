"""A chat service over a pool, without HTTP, and a grok.com that does as it is told."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass

from grokdesk.domain.account import Account, Tier, Token
from grokdesk.domain.attachment import UploadFile
from grokdesk.domain.catalog import ModelCatalog, ModelKind, ModelSpec
from grokdesk.domain.chat import ChatRequest, Chunk, Emit, Finish, Message, Prompt, Role, TextDelta
from grokdesk.domain.errors import UpstreamError
from grokdesk.domain.probe import ProbeReading, QuotaReading
from grokdesk.domain.quota import Mode, QuotaWindow
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import SystemClock
from grokdesk.pool.pool import AccountPool, PoolPolicy
from grokdesk.pool.retry import RetryPolicy
from grokdesk.services.attachments import AttachmentService
from grokdesk.services.calls import Call, ChatResult
from grokdesk.services.chat import ChatService
from grokdesk.services.remote_files import RemoteFiles
from grokdesk.services.tokens import TokenKeeper
from grokdesk.services.usage import UsageService
from grokdesk.settings.serving import AttachmentSettings
from grokdesk.store.db import Database
from grokdesk.store.usage import UsageStore

TOTAL = 1000
CATALOG = ModelCatalog(
    (
        ModelSpec(
            id="grok-fast",
            kind=ModelKind.CHAT,
            mode=Mode.FAST,
            floor=Tier.BASIC,
            display_name="Grok",
            created=1_700_000_000,
            context_window=131_072,
            max_output_tokens=16_384,
            reasoning=False,
            aliases=(),
        ),
    )
)
Play = Callable[[str, Emit], Awaitable[None]]


async def answer(_account_id: str, emit: Emit) -> None:
    for word in ("Hello", " you"):
        await asyncio.sleep(0)
        await emit(TextDelta(word))
    await emit(Finish())


class Upstream:
    """`play` is what a call does."""

    def __init__(self) -> None:
        self.play: Play = answer

    async def chat(
        self, account: Account, token: Token, spec: ModelSpec, request: Prompt, emit: Emit
    ) -> None:
        await asyncio.sleep(0)
        await self.play(account.id, emit)

    async def upload(self, account: Account, token: Token, file: UploadFile) -> str:
        raise NotImplementedError

    async def probe(self, account: Account, token: Token) -> ProbeReading:
        raise NotImplementedError

    async def quota(self, account: Account, token: Token) -> QuotaReading:
        raise NotImplementedError

    async def renew_session(self, after: UpstreamError) -> bool:
        await asyncio.sleep(0)
        return True

    def wake(self) -> None: ...


class SlowVault:
    """The token of every account, after a moment."""

    async def put(self, account_id: str, token: Token) -> None: ...

    async def get(self, account_id: str) -> Token | None:
        await asyncio.sleep(0)
        return Token(f"the token of {account_id}")

    async def delete(self, account_id: str) -> None: ...


@dataclass
class Counter:
    """Where requests are served."""

    pool: AccountPool
    upstream: Upstream
    chat: ChatService

    async def ask(self) -> ChatResult:
        async def emit(_chunk: Chunk) -> None:
            await asyncio.sleep(0)

        request = ChatRequest("grok-fast", (Message(Role.USER, "Hi"),))
        return await self.chat.run(request, emit, Call("r-1", "/v1/chat/completions"))

    @property
    def spent(self) -> int:
        """Calls that are gone from the quotas."""
        return sum(w.total - w.remaining for view in self.pool.views() for w in view.windows)


def account(name: str) -> Account:
    return Account(name, name, f"f-{name}", "…1234", tier=Tier.BASIC)


def window() -> QuotaWindow:
    return QuotaWindow(Mode.FAST, TOTAL, TOTAL, 7200.0)


Make = Callable[..., Counter]


@contextlib.asynccontextmanager
async def open_counters() -> AsyncIterator[Make]:
    """A function that makes counters, each with a pool of its own: `make("abc", cap=2)`."""
    clock, bus = SystemClock(), EventBus()
    database = Database(None)
    await database.open()

    def make(names: Iterable[str], *, cap: int = 8) -> Counter:
        pool = AccountPool(clock, policy=PoolPolicy(max_in_flight=cap), rng=random.Random(1))
        for name in names:
            pool.put(account(name), [window()])
        upstream = Upstream()
        chat = ChatService(
            CATALOG,
            pool,
            upstream,
            TokenKeeper(SlowVault()),
            UsageService(UsageStore(database), bus, clock),
            AttachmentService(upstream, RemoteFiles(AttachmentSettings), clock, AttachmentSettings),
            bus,
            clock,
            retry=lambda: RetryPolicy(base_s=0.001, budget_s=5.0),
        )
        return Counter(pool, upstream, chat)

    try:
        yield make
    finally:
        await database.close()
