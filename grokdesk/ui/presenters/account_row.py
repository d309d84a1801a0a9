"""One account as the table shows, sorts and finds it."""

import math
from dataclasses import dataclass

from grokdesk.domain.account import AccountState
from grokdesk.domain.quota import CHAT_MODES, MEDIA_MODES, Mode, Provenance, QuotaWindow
from grokdesk.services.accounts import AccountSnapshot
from grokdesk.ui import text

MODES = (*CHAT_MODES, Mode.WEEKLY)
"""Those that have a column."""

_STATE_ORDER = {state: place for place, state in enumerate(AccountState)}

Key = float | str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """Built once per change, so that sorting and filtering ten thousand only compares."""

    id: str
    account: AccountSnapshot
    windows: tuple[QuotaWindow | None, ...]
    """In the order of MODES."""
    known: int
    """A bit for each of the windows that there is."""
    resets_at: float | None
    keys: tuple[Key, ...]
    """What each column sorts by."""
    haystack: str


def build_row(account: AccountSnapshot) -> AccountRow:
    by_mode = {window.mode: window for window in account.windows}
    windows = tuple(by_mode.get(mode) for mode in MODES)
    known = sum(1 << place for place, window in enumerate(windows) if window is not None)
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
    return AccountRow(account.id, account, windows, known, resets_at, keys, _haystack(account))


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
        account.note,
    )
    return "\n".join(words).casefold()
