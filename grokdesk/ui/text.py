"""Every figure, time and state in words; untrusted text made safe for a label."""

import datetime
import html
import unicodedata

from PySide6.QtCore import QDateTime, QLocale

from grokdesk.domain.account import AccountState, Tier
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow

_ISOLATE, _POP = "\u2068", "\u2069"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400

STATE_NAMES = {
    AccountState.READY: "Ready",
    AccountState.COOLING: "Cooling down",
    AccountState.EXHAUSTED: "Used up",
    AccountState.EXPIRED: "Signed out",
    AccountState.BLOCKED: "Blocked",
    AccountState.DISABLED: "Disabled",
    AccountState.SEALED: "Locked",
}

STATE_MEANINGS = {
    AccountState.READY: "Can answer the next request.",
    AccountState.COOLING: "Rests after failures, then is used again.",
    AccountState.EXHAUSTED: "No calls left until the quota resets.",
    AccountState.EXPIRED: "grok.com no longer accepts the token. Import a new one.",
    AccountState.BLOCKED: "grok.com has blocked this account.",
    AccountState.DISABLED: "Switched off here; it is not used.",
    AccountState.SEALED: "The token cannot be read until the keyring is unlocked.",
}

_MODE_NAMES = {
    Mode.FAST: "Fast",
    Mode.AUTO: "Auto",
    Mode.EXPERT: "Expert",
    Mode.HEAVY: "Heavy",
    Mode.IMAGE_PRO: "Pictures",
    Mode.IMAGE_EDIT: "Picture edits",
    Mode.VIDEO: "Videos",
    Mode.VIDEO_720P: "Videos in 720p",
    Mode.WEEKLY: "Weekly credits",
}

_PROVENANCE_MARKS = {
    Provenance.MEASURED: "",
    Provenance.ESTIMATED: "≈",
    Provenance.STALE: "≈",
    Provenance.UNKNOWN: "?",
}

_PROVENANCE_WORDS = {
    Provenance.MEASURED: "as reported by grok.com",
    Provenance.ESTIMATED: "estimated from what was sent here",
    Provenance.STALE: "as last reported by grok.com",
    Provenance.UNKNOWN: "not known yet",
}


def number(value: int) -> str:
    return QLocale().toString(value)


def count(value: int, one: str, many: str | None = None) -> str:
    """`1 account`, `2 accounts`."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def short_number(value: int) -> str:
    """Three figures at most: `842`, `12.4 k`, `1.2 M`."""
    if value < 10_000:
        return number(value)
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if value >= size:
            scaled = value / size
            return f"{QLocale().toString(scaled, 'f', 1 if scaled < 100 else 0)} {unit}"
    raise AssertionError("unreachable: the value is at least 10,000")


def percent(part: int, whole: int) -> str:
    """One decimal below ten, so that a few failures among thousands do not read as none."""
    share = 100 * part / whole if whole else 0.0
    return f"{QLocale().toString(share, 'f', 1 if 0 < share < 10 else 0)} %"


def latency(seconds: float) -> str:
    if seconds < 1:
        return f"{number(round(seconds * 1000))} ms"
    return f"{QLocale().toString(float(seconds), 'f', 1 if seconds < 100 else 0)} s"


def duration(seconds: float) -> str:
    """The two largest units: `45 s`, `12 min`, `1 h 20 min`, `2 d 3 h`."""
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return _two(whole, _HOUR, "h", _MINUTE, "min")
    return _two(whole, _DAY, "d", _HOUR, "h")


def until(seconds: float) -> str:
    return "now" if seconds < 1 else f"in {duration(seconds)}"


def ago(seconds: float) -> str:
    return "just now" if seconds < 5 else f"{duration(seconds)} ago"


def local_time(moment: float) -> str:
    """A Unix time as the user's clock shows it, with the date and the name of the zone."""
    when = QDateTime.fromSecsSinceEpoch(round(moment))
    zone = datetime.datetime.fromtimestamp(moment).astimezone().tzname() or ""
    return f"{QLocale().toString(when, QLocale.FormatType.ShortFormat)} {zone}".strip()


def tier_name(tier: Tier | None) -> str:
    return tier.label.capitalize() if tier is not None else "Unknown"


def state_name(state: AccountState) -> str:
    return STATE_NAMES[state]


def quota(window: QuotaWindow) -> str:
    """`18/30`, `≈18/30` when estimated, `?` when nothing is known: unknown is not zero.

    `18` alone where grok.com does not tell of how many.
    """
    mark = _PROVENANCE_MARKS[window.provenance]
    if window.provenance is Provenance.UNKNOWN:
        return mark
    left = f"{mark}{number(window.remaining)}"
    return f"{left}/{number(window.total)}" if window.total_known else left


def quota_in_words(window: QuotaWindow, now: float) -> str:
    name = _MODE_NAMES[window.mode]
    words = _PROVENANCE_WORDS[window.provenance]
    if window.provenance is Provenance.UNKNOWN:
        return f"{name}: {words}"
    left = f"{name}: {_left(window)} left, {words}"
    age = window.age(now)
    if age is not None:
        since = " since a report" if window.provenance is Provenance.ESTIMATED else ""
        left += f"{since} {ago(age)}"
    if window.resets_at is not None:
        left += f"; resets {until(window.resets_at - now)} ({local_time(window.resets_at)})"
    return left


def one_line(untrusted: str, limit: int = 200) -> str:
    """Printable characters on one line; direction marks cannot leak into the words around it."""
    cleaned = " ".join("".join(map(_visible, untrusted[: 4 * limit])).split())
    shortened = cleaned if len(cleaned) <= limit else f"{cleaned[: limit - 1]}…"
    return shortened if shortened.isascii() else f"{_ISOLATE}{shortened}{_POP}"


def plain_tooltip(text: str) -> str:
    """Qt guesses whether a tooltip is HTML; escaped HTML leaves nothing to guess."""
    lines = "<br>".join(html.escape(line) for line in text.splitlines())
    return f"<qt>{lines}</qt>" if text else ""


def masked_email(address: str) -> str:
    """`m…@example.org`: enough to recognise one's own."""
    name, at, host = address.partition("@")
    return f"{name[:1]}…@{host}" if at else address


def account_name(label: str) -> str:
    """A label as it may be shown; people label accounts with their address."""
    return one_line(masked_email(label), 60)


def _left(window: QuotaWindow) -> str:
    if window.mode is Mode.WEEKLY:
        return percent(window.remaining, window.total)
    if not window.total_known:
        return f"{number(window.remaining)} of an unknown number"
    return f"{number(window.remaining)} of {number(window.total)} calls"


def _two(whole: int, large: int, large_unit: str, small: int, small_unit: str) -> str:
    head, rest = divmod(whole, large)
    tail = rest // small
    return f"{head} {large_unit} {tail} {small_unit}" if tail else f"{head} {large_unit}"


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co"} else character
