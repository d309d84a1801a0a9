"""Callers that name accounts: the best of some, or a certain one where that costs nothing."""

from collections.abc import Collection, Mapping

from grokdesk.domain.account import Tier
from grokdesk.domain.quota import Mode
from grokdesk.pool.index import Index, Moment
from grokdesk.pool.member import Member


def best_among(
    account_ids: Collection[str],
    members: Mapping[str, Member],
    index: Index,
    mode: Mode,
    floor: Tier,
    moment: Moment,
) -> Member | None:
    """As `Index.best`, for few accounts."""
    able = [
        member
        for account_id in account_ids
        if (member := members.get(account_id)) is not None
        and _can_serve(member, mode, floor, moment)
    ]
    return min(able, key=lambda m: index.key(m, mode, moment.now), default=None)


def preferred(
    wanted: Member | None,
    best: Member,
    mode: Mode,
    floor: Tier,
    exclude: Collection[str],
    moment: Moment,
) -> Member:
    """`wanted`, unless `best` goes before it by priority or has fewer calls in flight."""
    if (
        wanted is None
        or wanted.account.id in exclude
        or wanted.account.priority < best.account.priority
        or wanted.in_flight > best.in_flight
        or not _can_serve(wanted, mode, floor, moment)
    ):
        return best
    return wanted


def _can_serve(member: Member, mode: Mode, floor: Tier, moment: Moment) -> bool:
    return (
        member.account.effective_tier >= floor and member.free_at(mode, *moment) <= moment.elapsed
    )
