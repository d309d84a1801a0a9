"""Every figure, time and state in words; untrusted text made safe for a label."""

import datetime
import html
import unicodedata

from PySide6.QtCore import QDateTime, QLocale

from grokdesk.domain.account import AccountState, Tier
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow

_ISOLATE, _POP = "\u2068", "\u2069"
_ENDS = (".", "!", "?", "…")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_UNITS = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"))

STATE_NAMES = {
    AccountState.READY: "Ready",
    AccountState.BUSY: "Busy",
    AccountState.COOLING: "Cooling down",
    AccountState.EXHAUSTED: "Used up",
    AccountState.EXPIRED: "Signed out",
    AccountState.BLOCKED: "Blocked",
    AccountState.DISABLED: "Disabled",
    AccountState.SEALED: "Locked",
}

STATE_MEANINGS = {
    AccountState.READY: "Can answer the next request.",
    AccountState.BUSY: "Runs as many calls as it may at once; the next one waits until one ends.",
    AccountState.COOLING: "Rests after failures, then is used again.",
    AccountState.EXHAUSTED: "No calls left until the quota resets.",
    AccountState.EXPIRED: "grok.com no longer accepts the token.",
    AccountState.BLOCKED: "grok.com has blocked this account.",
    AccountState.DISABLED: "Switched off here; it is not used.",
    AccountState.SEALED: "The token cannot be read until the keyring is unlocked.",
}

MODE_NAMES = {
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

_ESTIMATED = "≈"
_UNKNOWN = "?"


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


def short_count(value: int, one: str) -> str:
    """`1 request`, `12.4 k requests`."""
    return f"{short_number(value)} {one if value == 1 else one + 's'}"


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


def rough(seconds: float) -> str:
    """The largest unit alone: `3 h`, `2 d`."""
    whole = max(0, round(seconds))
    size, unit = next(((n, u) for n, u in _UNITS if whole >= n), (1, "s"))
    return f"{whole // size} {unit}"


def ago(seconds: float) -> str:
    return "just now" if seconds < 5 else f"{duration(seconds)} ago"


def last_used(moment: float | None, now: float) -> str:
    return ago(now - moment) if moment is not None else "never"


def last_used_about(moment: float | None, now: float) -> str:
    """For narrow places: `3 h ago`."""
    is_recent = moment is None or now - moment < _MINUTE
    return last_used(moment, now) if is_recent else f"{rough(now - (moment or 0.0))} ago"


def local_time(moment: float) -> str:
    """A Unix time as the user's clock shows it, with the date and the name of the zone."""
    when = QDateTime.fromSecsSinceEpoch(round(moment))
    zone = datetime.datetime.fromtimestamp(moment).astimezone().tzname() or ""
    return f"{QLocale().toString(when, QLocale.FormatType.ShortFormat)} {zone}".strip()


def local_date(moment: float) -> str:
    """The day of a Unix time by the user's calendar."""
    when = QDateTime.fromSecsSinceEpoch(round(moment)).date()
    return QLocale().toString(when, QLocale.FormatType.LongFormat)


def iso_date(moment: float) -> str:
    """`2026-12-31`, by the user's calendar."""
    return datetime.datetime.fromtimestamp(moment).astimezone().date().isoformat()


def clock_time(moment: float, now: float) -> str:
    """With seconds when it is near, and with the date when it is far."""
    when = QDateTime.fromSecsSinceEpoch(round(moment))
    if moment - now >= _DAY / 2:
        return QLocale().toString(when, QLocale.FormatType.ShortFormat)
    return when.toString("HH:mm:ss" if moment - now < 2 * _MINUTE else "HH:mm")


def tier_name(tier: Tier | None) -> str:
    return tier.label.capitalize() if tier is not None else "Unknown"


def state_name(state: AccountState) -> str:
    return STATE_NAMES[state]


def quota_figure(window: QuotaWindow) -> str:
    """`18/30`, `≈18/30` when it is not grok.com's own figure, `58 %` of a week's credits, and `18`
    where grok.com does not tell of how many. `?` when nothing is known: unknown is not zero."""
    if window.provenance is Provenance.UNKNOWN:
        return _UNKNOWN
    mark = _ESTIMATED if window.provenance is Provenance.ESTIMATED else ""
    if window.mode is Mode.WEEKLY:
        return f"{mark}{percent(window.remaining, window.total)}"
    left = f"{mark}{number(window.remaining)}"
    return f"{left}/{number(window.total)}" if window.total_known else left


def quota_age(window: QuotaWindow, now: float) -> str:
    """How old the figure is, where it is so old that it may be wrong."""
    age = window.age(now)
    return rough(age) if window.provenance is Provenance.STALE and age is not None else ""


def quota(window: QuotaWindow, now: float) -> str:
    """The figure, and its age when that matters: `18/30 (3 h old)`."""
    age = quota_age(window, now)
    return f"{quota_figure(window)} ({age} old)" if age else quota_figure(window)


def quota_in_words(window: QuotaWindow, now: float) -> str:
    name = MODE_NAMES[window.mode]
    if window.provenance is Provenance.UNKNOWN:
        return f"{name}: not known yet"
    left = f"{name}: {_left(window)} left, {_source(window, now)}"
    if window.resets_at is not None:
        left += f"; resets {until(window.resets_at - now)} ({local_time(window.resets_at)})"
    return left


def one_line(untrusted: str, limit: int = 200) -> str:
    """Printable characters on one line; direction marks cannot leak into the words around it."""
    cleaned = " ".join("".join(map(_visible, untrusted[: 4 * limit])).split())
    shortened = cleaned if len(cleaned) <= limit else f"{cleaned[: limit - 1]}…"
    return shortened if shortened.isascii() else f"{_ISOLATE}{shortened}{_POP}"


def sentence(untrusted: str, limit: int = 300) -> str:
    """On one line, with a full stop at its end."""
    shown = one_line(untrusted, limit)
    return shown if not shown or shown.rstrip(_POP).endswith(_ENDS) else f"{shown}."


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


def _source(window: QuotaWindow, now: float) -> str:
    """Whose figure it is, and of when."""
    age = window.age(now)
    if window.provenance is not Provenance.ESTIMATED:
        last = "last " if window.provenance is Provenance.STALE else ""
        report = f"as {last}reported by grok.com"
        return f"{report} {ago(age)}" if age is not None else report
    if age is None:
        return "assumed, since grok.com has not told yet"
    return f"estimated from what was sent here since a report {ago(age)}"


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
