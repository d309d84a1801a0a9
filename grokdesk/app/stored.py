"""The services over what is stored: accounts, API keys and their use, without a way to grok.com.

The foundation of all other services, and all that many a command needs while nothing runs.
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from grokdesk.app.foundation import Foundation
from grokdesk.app.policies import policy_of
from grokdesk.app.upstreams import CurrentUpstream
from grokdesk.domain.catalog import ModelCatalog
from grokdesk.kernel.clock import Clock
from grokdesk.pool.pool import AccountPool
from grokdesk.services.accounts import AccountService
from grokdesk.services.apikeys import ApiKeyService
from grokdesk.services.key_limits import KeyLimits
from grokdesk.services.tokens import TokenKeeper
from grokdesk.services.usage import UsageService
from grokdesk.store.accounts import AccountStore
from grokdesk.store.apikeys import ApiKeyStore
from grokdesk.store.limit_journal import LimitJournals
from grokdesk.store.usage import UsageStore


@dataclass(frozen=True, slots=True)
class Stored:
    """Empty until it is `opened`, so that others can listen before."""

    accounts: AccountService
    keys: ApiKeyService
    limits: KeyLimits
    usage: UsageService
    pool: AccountPool
    tokens: TokenKeeper
    upstream: CurrentUpstream
    catalog: ModelCatalog
    clock: Clock
    usage_store: UsageStore

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            await self.usage_store.open()
            stack.push_async_callback(self.usage_store.close)
            stack.callback(self.limits.close)
            await self.accounts.load()
            await self.keys.load()
            await self.limits.load()
            stack.push_async_callback(self.accounts.flush)
            yield


def stored_over(base: Foundation) -> Stored:
    clock, bus, database = base.clock, base.bus, base.database
    tokens, upstream = TokenKeeper(base.vault), CurrentUpstream()
    pool = AccountPool(clock, policy=policy_of(base.settings.current))
    usage_store = UsageStore(database)
    accounts = AccountService(
        AccountStore(database), pool, tokens, upstream, bus, base.tasks, clock, base.tiers
    )
    pool.on_change = accounts.on_pool_change
    keys = ApiKeyService(ApiKeyStore(database), bus, clock)
    journals = LimitJournals(database.path if database.saving else None)
    return Stored(
        accounts=accounts,
        keys=keys,
        limits=KeyLimits(keys, journals, bus, clock),
        usage=UsageService(usage_store, bus, clock),
        pool=pool,
        tokens=tokens,
        upstream=upstream,
        catalog=base.catalog,
        clock=clock,
        usage_store=usage_store,
    )
