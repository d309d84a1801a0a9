"""What settings mean to the parts that they steer, at the start and when they change."""

from collections.abc import Awaitable, Callable, Iterator
from typing import TypeAlias

from grokdesk.pool.pool import AccountPool, PoolPolicy
from grokdesk.pool.ranking import Selection
from grokdesk.pool.retry import RetryPolicy
from grokdesk.services.bundle import Services
from grokdesk.settings.model import Settings

Applier: TypeAlias = Callable[[Settings, Settings], Awaitable[None]]
"""Gets the settings before and after."""


def policy_of(settings: Settings) -> PoolPolicy:
    return PoolPolicy(settings.pool.max_in_flight, Selection(settings.pool.selection))


def retry_of(settings: Settings) -> RetryPolicy:
    pool = settings.pool
    return RetryPolicy(
        accounts=pool.max_accounts_per_request,
        tries=pool.tries_per_account,
        base_s=pool.retry_pause_s,
        longest_s=pool.longest_retry_pause_s,
        budget_s=pool.retry_budget_s,
    )


def appliers(
    services: Services, pool: AccountPool, set_log_level: Callable[[str], None]
) -> Iterator[Applier]:
    """In the order in which they are run."""

    async def apply_policy(_old: Settings, new: Settings) -> None:
        pool.policy = policy_of(new)

    async def apply_log_level(_old: Settings, new: Settings) -> None:
        set_log_level(new.logs.level)

    async def apply_metrics(_old: Settings, new: Settings) -> None:
        await services.metrics.switch(new.metrics.enabled)

    yield apply_policy
    yield apply_log_level
    yield apply_metrics
