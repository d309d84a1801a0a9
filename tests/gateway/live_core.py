"""The whole core over a simulator, for tests that look at both ends."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from grokdesk.app.core import Core, CoreOptions, running_core
from grokdesk.domain.chat import ChatRequest, Chunk, Message, ReasoningDelta, Role, TextDelta
from grokdesk.kernel.paths import Paths
from grokdesk.services.calls import Call, ChatResult
from grokdesk.simulator.server import Simulator


@dataclass
class Heard:
    """What one chat call emitted."""

    chunks: list[Chunk] = field(default_factory=list)

    async def emit(self, chunk: Chunk) -> None:
        self.chunks.append(chunk)

    @property
    def text(self) -> str:
        return "".join(c.text for c in self.chunks if isinstance(c, TextDelta))

    @property
    def reasoning(self) -> str:
        return "".join(c.text for c in self.chunks if isinstance(c, ReasoningDelta))


@dataclass
class LiveCore:
    core: Core
    simulator: Simulator

    async def add(self, *tokens: str) -> list[str]:
        importer = self.core.services.importer
        result = await importer.run(importer.preview("\n".join(tokens)), probe=False)
        assert len(result.saved) == len(tokens)
        return list(result.saved)

    async def ask(
        self, prompt: str = "Hello", *, model: str = "grok-chat-fast", heard: Heard | None = None
    ) -> ChatResult:
        request = ChatRequest(model, (Message(Role.USER, prompt),))
        heard = heard or Heard()
        return await self.core.services.chat.run(request, heard.emit, Call("req", "test"))

    def states(self) -> dict[str, str]:
        return {a.token_hint: a.state.value for a in self.core.services.accounts.snapshot()}


@contextlib.asynccontextmanager
async def live_core(folder: Path, **settings: str) -> AsyncIterator[LiveCore]:
    """`settings` are `section_key` as in the environment, for example `pool_selection`."""
    async with Simulator() as simulator:
        simulator.script.enforce_quotas = False
        environ = {
            "GROKDESK_HOME": str(folder),
            "GROKDESK_UPSTREAM_WEB_URL": simulator.origin,
            "GROKDESK_GATEWAY_DEMO": "never",
            "GROKDESK_ACCOUNTS_VAULT": "memory",
            "GROKDESK_POOL_SELECTION": "round_robin",
            **{f"GROKDESK_{name.upper()}": value for name, value in settings.items()},
        }
        paths = Paths.for_profile(None, environ)
        paths.ensure()
        options = CoreOptions(paths, port=0, allow_key_file=True, environ=environ)
        async with running_core(options) as core:
            yield LiveCore(core, simulator)
