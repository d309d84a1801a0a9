"""One account as the table shows, sorts and finds it."""

import math
from dataclasses import dataclass

from grokdesk.domain.account import AccountState
from grokdesk.domain.quota import CHAT_MODES, MEDIA_MODES, Provenance, QuotaWindow
from grokdesk.services.accounts import AccountSnapshot
from grokdesk.ui import text

MODES = CHAT_MODES

_STATE_ORDER = {state: place for place, state in enumerate(AccountState)}

Key = float | str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """Built once per change, so that sorting and filtering ten thousand only compares."""

    account: AccountSnapshot
    windows: tuple[QuotaWindow | None, ...]
    """In the order of MODES."""
    resets_at: float | None
    keys: tuple[Key, ...]
    """What each column sorts by."""
    haystack: str


def build_row(account: AccountSnapshot) -> AccountRow:
    by_mode = {window.mode: window for window in account.windows}
    windows = tuple(by_mode.get(mode) for mode in MODES)
    resets_at = _resets_at(account)
    keys: tuple[Key, ...] = (
        account.label.casefold(),
        float(account.tier or 0),
        float(_STATE_ORDER[account.state]),
        *map(_left, windows),
        resets_at if resets_at is not None else math.inf,
        float(account.in_flight),
        -(account.last_used_at or 0.0),
    )
    return AccountRow(account, windows, resets_at, keys, _haystack(account))


def tooltip(row: AccountRow, now: float) -> str:
    """Everything about the account that fits a few lines."""
    account = row.account
    lines = [
        f"{text.account_name(account.label)} ({account.token_hint})",
        f"{text.state_name(account.state)}: {text.STATE_MEANINGS[account.state]}",
        *(text.quota_in_words(window.at(now), now) for window in account.windows),
    ]
    if account.probed_at is not None:
        lines.append(f"Checked {text.ago(now - account.probed_at)}")
    return "\n".join(lines)


def details(account: AccountSnapshot, now: float) -> str:
    """Why the account is in its state, in one or two sentences."""
    parts = [text.STATE_MEANINGS[account.state]]
    if account.state_until is not None and account.state_until > now:
        moment = text.local_time(account.state_until)
        parts = [f"{parts[0]} Expected back {text.until(account.state_until - now)} ({moment})."]
    if account.evidence is not None:
        status = f" (HTTP {account.evidence.status})" if account.evidence.status else ""
        sentence = text.one_line(account.evidence.summary, 300).rstrip(".")
        parts.append(f"{sentence}{status}, {text.ago(now - account.evidence.at)}.")
    return " ".join(parts)


def _resets_at(account: AccountSnapshot) -> float | None:
    """When the account is back, or else when the first of its begun windows is full again."""
    if account.state_until is not None:
        return account.state_until
    resets = (window.resets_at for window in account.windows if window.mode not in MEDIA_MODES)
    return min((moment for moment in resets if moment is not None), default=None)


def _left(window: QuotaWindow | None) -> float:
    """Unknown sorts below nothing left: it is not zero, and it is not a promise either."""
    if window is None or window.provenance is Provenance.UNKNOWN:
        return -1.0
    return float(window.remaining)


def _haystack(account: AccountSnapshot) -> str:
    words = (
        account.label,
        account.token_hint,
        account.email,
        text.tier_name(account.tier),
        text.state_name(account.state),
        account.state.value,
    )
    return "\n".join(words).casefold()
