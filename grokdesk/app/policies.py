"""What settings mean to the pool."""

from grokdesk.pool.pool import PoolPolicy
from grokdesk.pool.ranking import Selection
from grokdesk.pool.retry import RetryPolicy
from grokdesk.settings.model import Settings


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
