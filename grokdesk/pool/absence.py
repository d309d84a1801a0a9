"""Why no account can serve a call, and when it is worth asking again."""

from collections.abc import Collection, Mapping

from grokdesk.domain.account import AccountState, Tier
from grokdesk.domain.errors import AccountsBlockedError, NoAccountError
from grokdesk.domain.quota import Mode
from grokdesk.pool.index import Moment
from grokdesk.pool.member import Member

_SOON_S = 1.0
_KEPT_S = 1.0
"""So long an answer is good enough: making one looks at every account."""


class Absences:
    """Answers, kept for a moment: many callers ask at once when nobody is left."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Mode, Tier], tuple[float, NoAccountError]] = {}

    def forget(self) -> None:
        self._kept.clear()

    def explain(
        self,
        members: Mapping[str, Member],
        mode: Mode,
        floor: Tier,
        moment: Moment,
        *,
        exclude: Collection[str] = (),
        among: Collection[str] | None = None,
    ) -> NoAccountError:
        if among is not None:
            asked = [members[name] for name in among if name in members]
            return why_none(asked, (), mode, floor, moment)
        if exclude:
            return why_none(members.values(), exclude, mode, floor, moment)
        until, known = self._kept.get((mode, floor), (0.0, None))
        if known is None or moment.elapsed >= until:
            known = why_none(members.values(), (), mode, floor, moment)
            self._kept[mode, floor] = (moment.elapsed + _KEPT_S, known)
        return type(known)(str(known), retry_at=known.retry_at, busy=known.busy)


def why_none(
    members: Collection[Member], exclude: Collection[str], mode: Mode, floor: Tier, moment: Moment
) -> NoAccountError:
    """`exclude`: accounts that were tried already."""
    if not members:
        return NoAccountError("No Grok account is set up yet. Open Grokdesk and import one.")
    usable = [member for member in members if member.usable]
    if not usable and _all_blocked(members):
        return AccountsBlockedError(
            "grok.com has blocked all Grok accounts. Sign in at grok.com to see why, or open "
            "Grokdesk and import another one."
        )
    if not usable:
        return NoAccountError(
            "None of the Grok accounts can be used: all are expired, blocked or disabled. "
            "Open Grokdesk to see why."
        )
    fitting = [member for member in usable if member.account.effective_tier >= floor]
    if not fitting:
        return NoAccountError(
            f"This model needs an account of tier {floor.label} or higher, and none that can be "
            "used is one."
        )
    untried = [member for member in fitting if member.account.id not in exclude]
    wait_s = min(max(0.0, _rest(member, mode, moment)) for member in untried or fitting)
    busy = bool(untried) and wait_s <= 0.0
    why = "busy" if busy else _limited(untried or fitting, mode, moment)
    return NoAccountError(
        f"All Grok accounts that could serve this are {why}.",
        retry_at=moment.now + max(_SOON_S, wait_s),
        busy=busy,
    )


def _all_blocked(members: Collection[Member]) -> bool:
    states = {member.account.state for member in members if member.account.enabled}
    return states == {AccountState.BLOCKED}


def _rest(member: Member, mode: Mode, moment: Moment) -> float:
    """Seconds until it could serve, leaving aside the calls that it runs."""
    until = max(member.cooldown.until, member.sealed_until) - moment.elapsed
    return max(until, member.quota_wait(mode, moment.now))


def _limited(members: Collection[Member], mode: Mode, moment: Moment) -> str:
    if all(member.quota_wait(mode, moment.now) > 0 for member in members):
        return f"used up for mode {mode.value}"
    return f"resting, or used up for mode {mode.value}"
