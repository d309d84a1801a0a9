"""A GrokWebClient before the simulated site, its Cloudflare and a FlareSolverr."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from grokdesk.domain.account import Account, Tier, Token
from grokdesk.domain.catalog import ModelKind, ModelSpec
from grokdesk.domain.chat import Chunk, Message, Prompt, Role, TextDelta
from grokdesk.domain.errors import UpstreamError
from grokdesk.domain.quota import Mode
from grokdesk.domain.tiers import TierTable
from grokdesk.kernel.clock import ManualClock
from grokdesk.simulator.flaresolverr import FakeFlareSolverr
from grokdesk.simulator.server import Simulator
from grokdesk.upstream.web.client import ChatTransport, GrokWebClient
from grokdesk.upstream.web.flaresolverr import Solver
from grokdesk.upstream.web.session import Egress
from grokdesk.upstream.web.sessions import Sessions
from grokdesk.upstream.web.watchdog import Timeouts
from grokdesk.upstream.web.wire.facts import Origins

TOKEN = "some-account-token-super"
SPEC = ModelSpec("grok-chat-fast", ModelKind.CHAT, Mode.FAST, Tier.BASIC, "Fast", 0, 1, 1)
PROMPT = Prompt((Message(Role.USER, "Hello"),))


def account_of(token: str) -> Account:
    return Account(
        id=token, label=token, fingerprint=token, token_hint="", tier=Tier.SUPER, created_at=0.0
    )


@dataclass
class WebRig:
    """`egress` counts from the next `change` on."""

    simulator: Simulator
    solver: FakeFlareSolverr
    egress: Egress
    clock: ManualClock = field(default_factory=ManualClock)
    chat_transport: ChatTransport = "mgw"
    renewals: list[tuple[bool, str]] = field(default_factory=list)
    loads: int = 0

    def __post_init__(self) -> None:
        origins = Origins.of(self.simulator.origin)
        self.sessions = Sessions(
            origins,
            self._load,
            self.clock,
            on_renewed=lambda ok, reason: self.renewals.append((ok, reason)),
        )
        self.client = GrokWebClient(
            origins,
            self.sessions,
            self.clock,
            TierTable(),
            chat_transport=lambda: self.chat_transport,
        )

    def solver_at(self, *, interval_s: float = 0.0, timeout_s: float = 5.0) -> Solver:
        return Solver(self.solver.origin, timeout_s, interval_s)

    def change(self, **values: object) -> None:
        self.egress = replace(self.egress, **values)  # type: ignore[arg-type]
        self.sessions.invalidate()

    def demand_clearance(self) -> None:
        """From now on, and whatever was obtained before is worth nothing."""
        self.simulator.script.clearances = {}

    async def chat(self, token: str = TOKEN) -> str:
        chunks: list[Chunk] = []

        async def emit(chunk: Chunk) -> None:
            chunks.append(chunk)

        await self.client.chat(account_of(token), Token(token), SPEC, PROMPT, emit)
        return "".join(chunk.text for chunk in chunks if isinstance(chunk, TextDelta))

    async def chat_with_one_renewal(self, token: str = TOKEN) -> str:
        """As the chat service does."""
        try:
            return await self.chat(token)
        except UpstreamError as error:
            if not await self.client.renew_session(error):
                raise
            return await self.chat(token)

    async def _load(self) -> Egress:
        self.loads += 1
        return self.egress


@contextlib.asynccontextmanager
async def web_rig() -> AsyncIterator[WebRig]:
    async with Simulator() as simulator, FakeFlareSolverr(simulator.script) as solver:
        simulator.script.enforce_quotas = False
        egress = Egress(proxy=None, assets_proxy=None, timeouts=Timeouts(5, 5, 5, 0.3))
        rig = WebRig(simulator, solver, egress)
        try:
            yield rig
        finally:
            await rig.client.aclose()
