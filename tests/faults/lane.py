"""A whole core between a scripted upstream and a suspicious client, one exchange at a time."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from grokdesk.app.core import Core, CoreOptions, running_core
from grokdesk.domain.account import Account
from grokdesk.kernel.paths import Paths
from tests.faults.client import Answer, BrokenAnswerError, Client
from tests.faults.exchanges import REST, Exchange, Transport
from tests.faults.plan import Plan, Played
from tests.faults.upstream import ScriptedUpstream

ONE_TRY = {"pool_tries_per_account": "1"}
"""Another account is tried at once; only the same one would be tried after a pause."""
TOKENS = ("token-of-the-first-account", "token-of-the-other-account")


@dataclass
class Lane:
    """`plans` by token, one for each call, of which the last one stays; those of the empty token
    are for all others."""

    core: Core
    upstream: ScriptedUpstream
    client: Client
    plans: dict[str, list[Plan]]
    accounts: tuple[Account, ...] = field(default=())

    async def play(
        self, plan: Plan, *, stream: bool = True, prompt: str = "Hello"
    ) -> tuple[Answer, Sequence[Played]]:
        """The client's answer and the chat requests that upstream saw for it."""
        self.forgive()
        self.script("", plan)
        before = len(self.upstream.played)
        answer = await self.client.ask(stream=stream, prompt=prompt)
        played = self.upstream.played[before:]
        del self.upstream.played[:before]
        return answer, played

    def script(self, token: str, *plans: Plan) -> None:
        self.plans[token] = [*plans]

    async def play_whole(self, exchange: Exchange, *, stream: bool) -> Answer:
        """The answer when nothing breaks: it has to be what the exchange stands for."""
        answer, _ = await self.play(Plan(exchange), stream=stream)
        if answer.code != exchange.code or exchange.says not in answer.text:
            raise BrokenAnswerError(f"{exchange}: {answer.code} {answer.error} {answer.text!r}")
        return answer

    def forgive(self) -> None:
        """All as new, whatever happened: a case must not suffer from the one before it."""
        self.core.pool.breaker.reset()
        for account in self.accounts:
            self.core.pool.remove(account.id)
            self.core.pool.put(account, ())


@contextlib.asynccontextmanager
async def open_lane(
    folder: Path,
    transport: Transport,
    *,
    tokens: Sequence[str] = TOKENS,
    origin: str = "",
    limit_s: float = 30.0,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Lane]:
    """`settings` are `section_key` as in the environment; `origin` replaces our upstream."""
    plans = {"": [Plan(REST[0])]}

    def next_plan(token: str) -> Plan:
        scripted = plans.get(token) or plans[""]
        return scripted.pop(0) if len(scripted) > 1 else scripted[0]

    upstream = ScriptedUpstream(next_plan)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(upstream.running())
        environ = {
            "GROKDESK_HOME": str(folder),
            "GROKDESK_UPSTREAM_WEB_URL": origin or upstream.origin,
            "GROKDESK_UPSTREAM_CHAT_TRANSPORT": transport,
            "GROKDESK_GATEWAY_DEMO": "never",
            "GROKDESK_ACCOUNTS_VAULT": "memory",
            "GROKDESK_POOL_SELECTION": "round_robin",
            **{f"GROKDESK_{name.upper()}": value for name, value in (settings or {}).items()},
        }
        paths = Paths.for_profile(None, environ)
        paths.ensure()
        core = await stack.enter_async_context(
            running_core(CoreOptions(paths, port=0, allow_key_file=True, environ=environ))
        )
        importer = core.services.importer
        await importer.run(importer.preview("\n".join(tokens)), probe=False)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        url = f"http://127.0.0.1:{core.services.gateway.snapshot().port}"
        client = Client(http, url, core.services.keys.fresh or "", limit_s)
        accounts = tuple(view.account for view in core.pool.views())
        assert len(accounts) == len(tokens)
        yield Lane(core, upstream, client, plans, accounts)
