"""What the end of a call does to its account: the table of `outcome`, carried out."""

from dataclasses import replace

from grokdesk.domain.account import AccountState
from grokdesk.domain.circumstances import Surroundings
from grokdesk.domain.errors import UpstreamError
from grokdesk.domain.quota import CHAT_MODES, Mode, QuotaWindow
from grokdesk.pool.evidence import evidence_of
from grokdesk.pool.index import Moment
from grokdesk.pool.lease import Lease
from grokdesk.pool.member import Member
from grokdesk.pool.outcome import AccountEffect, QuotaEffect
from grokdesk.pool.successes import Successes

_SEALED_S = 5.0
_UNKNOWN_REST_S = 600.0
"""How long a mode rests after a refusal when nothing is known of its window."""
_REST_S = {Mode.IMAGE_PRO: 300.0}
"""The image socket reports no quota; upstream lets an account in again after this time."""
_LASTING = {
    AccountEffect.EXPIRE: AccountState.EXPIRED,
    AccountEffect.BLOCK: AccountState.BLOCKED,
}


def settle_quota(
    member: Member, lease: Lease, effect: QuotaEffect, now: float, error: BaseException | None
) -> None:
    mode = lease.mode
    window = member.windows.get(mode)
    if effect is QuotaEffect.REFUND:
        # A reading or a refusal that came later knows better than our counting.
        if window is not None and lease.number > member.not_refundable.get(mode, 0):
            member.windows[mode] = window.refund()
    elif effect is QuotaEffect.EXHAUST:
        wait_s = error.retry_after if isinstance(error, UpstreamError) else None
        if wait_s is None and mode in CHAT_MODES and Mode.WEEKLY in member.windows:
            # The credits tell no reset of this mode; what it counted itself says nothing.
            wait_s = _UNKNOWN_REST_S
        base = window or QuotaWindow(mode, 0, 0, _REST_S.get(mode, _UNKNOWN_REST_S))
        member.windows[mode] = base.exhaust(now, wait_s)
        member.not_refundable[mode] = member.leased.get(mode, 0)


def settle_account(
    member: Member,
    lease: Lease,
    effect: AccountEffect,
    moment: Moment,
    error: BaseException | None,
    successes: Successes,
) -> bool:
    """True when the stored account changed."""
    if effect is AccountEffect.NONE:
        return False
    if effect is AccountEffect.SUCCESS or error is None:
        member.cooldown = member.cooldown.succeeded()
        member.trouble = None
        successes.note(member.account.id, moment.elapsed)
        return False
    around = Surroundings(
        account_failures=member.cooldown.failures,
        others_succeed=successes.of_others(member.account.id, moment.elapsed),
    )
    member.trouble = evidence_of(error, moment.now, lease.request_id, around)
    if effect is AccountEffect.COOL:
        member.cooldown = member.cooldown.failed(moment.elapsed, began=lease.began)
    elif effect is AccountEffect.SEAL:
        member.sealed_until = moment.elapsed + _SEALED_S
    elif (state := _LASTING.get(effect)) is not None:
        member.account = replace(member.account, state=state, evidence=member.trouble)
        return True
    return False
