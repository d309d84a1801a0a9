"""Asking upstream about an account, and what its answer makes of the account."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from grokdesk.domain.account import Account, AccountState, Tier, Token
from grokdesk.domain.errors import (
    AccountBlockedError,
    AntiBotError,
    ChallengedError,
    TokenRejectedError,
    UpstreamError,
)
from grokdesk.domain.probe import ProbeReading
from grokdesk.kernel.clock import Clock
from grokdesk.pool.evidence import evidence_of
from grokdesk.pool.pool import AccountPool
from grokdesk.services.ports import Upstream
from grokdesk.services.tokens import TokenKeeper

T = TypeVar("T")


class AccountProbes:
    """For accounts in the pool, which may leave it while upstream answers.

    Both ways to ask raise UpstreamError or VaultLockedError. `save` makes a changed account durable
    and puts it into the pool.
    """

    def __init__(
        self,
        pool: AccountPool,
        tokens: TokenKeeper,
        upstream: Upstream,
        clock: Clock,
        save: Callable[[Account], Awaitable[None]],
    ) -> None:
        self._pool = pool
        self._tokens = tokens
        self._upstream = upstream
        self._clock = clock
        self._save = save

    async def probe(self, account_id: str) -> None:
        ticket = self._pool.ticket(account_id)
        reading = await self._ask(account_id, self._upstream.probe)
        if account_id in self._pool:
            await self._save(self._learned(account_id, reading))
            self._pool.forgive(account_id)
            self._pool.observe(ticket, reading.windows, reading.absent)

    async def read_quota(self, account_id: str) -> None:
        ticket = self._pool.ticket(account_id)
        reading = await self._ask(account_id, self._upstream.quota)
        if account_id in self._pool:
            account = self._account(account_id)
            tier = _tier_of(account, reading.tier)
            if tier is not account.tier:
                await self._save(replace(account, tier=tier))
            self._pool.observe(ticket, reading.windows, reading.absent)

    async def _ask(self, account_id: str, ask: Callable[[Account, Token], Awaitable[T]]) -> T:
        """A dead or blocked account is marked as such."""
        account = self._account(account_id)
        token = await self._tokens.get(account_id)
        try:
            try:
                return await ask(account, token)
            except (ChallengedError, AntiBotError) as error:
                if not await self._upstream.renew_session(error):
                    raise
                return await ask(account, token)
        except TokenRejectedError as error:
            await self._mark(account_id, AccountState.EXPIRED, error)
            raise
        except AccountBlockedError as error:
            await self._mark(account_id, AccountState.BLOCKED, error)
            raise

    async def _mark(self, account_id: str, state: AccountState, error: UpstreamError) -> None:
        if account_id not in self._pool:
            return
        evidence = evidence_of(error, self._clock.now())
        account = self._account(account_id)
        await self._save(replace(account, state=state, evidence=evidence, probed_at=evidence.at))

    def _learned(self, account_id: str, reading: ProbeReading) -> Account:
        account = self._account(account_id)
        return replace(
            account,
            user_id=reading.user_id or account.user_id,
            email=reading.email or account.email,
            tier=_tier_of(account, reading.tier),
            state=AccountState.READY,
            evidence=None,
            probed_at=self._clock.now(),
        )

    def _account(self, account_id: str) -> Account:
        return self._pool.view(account_id).account


def _tier_of(account: Account, read: Tier | None) -> Tier | None:
    return account.tier if account.tier_pinned else read or account.tier
