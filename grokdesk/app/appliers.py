"""What a change of settings does to the parts that they steer."""

from collections.abc import Awaitable, Callable, Iterator
from typing import TypeAlias

from grokdesk.app.policies import policy_of
from grokdesk.pool.pool import AccountPool
from grokdesk.services.bundle import Services
from grokdesk.settings.model import Settings

Applier: TypeAlias = Callable[[Settings, Settings], Awaitable[None]]
"""Gets the settings before and after."""


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
