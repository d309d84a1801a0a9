"""Quota windows: how many calls an account has left in a mode, and how we know."""

import enum
from dataclasses import dataclass


class Mode(enum.StrEnum):
    """What upstream counts separately. Chat modes have the values sent to upstream (Aug 2026)."""

    FAST = "fast"
    AUTO = "auto"
    EXPERT = "expert"
    HEAVY = "heavy"
    IMAGE_PRO = "image_pro"
    IMAGE_EDIT = "image_edit"
    VIDEO = "video"
    VIDEO_720P = "video_720p"
    WEEKLY = "weekly"
    """The credits of paying accounts, in 1/10,000 of a week's; where they exist, they replace the
    windows of the chat modes."""


CHAT_MODES = (Mode.FAST, Mode.AUTO, Mode.EXPERT, Mode.HEAVY)
MEDIA_MODES = (Mode.IMAGE_PRO, Mode.IMAGE_EDIT, Mode.VIDEO, Mode.VIDEO_720P)

WEEKLY_TOTAL = 10_000

STALE_AFTER_S = 2 * 3600.0
"""So old a reading is only a hint: the account may have been used elsewhere."""

LONGEST_WINDOW_S = 31 * 86_400.0

_SHORTEST_WAIT_S = 1.0
_LONGEST_WAIT_S = 86_400.0
"""A refusal that asks for more is put to the test after this time."""

_MEDIA = frozenset(MEDIA_MODES)


class Provenance(enum.StrEnum):
    """Where the figures of a window come from."""

    MEASURED = "measured"
    """grok.com said so, and nothing was sent since."""
    ESTIMATED = "estimated"
    """Counted by us from the last reading, or assumed."""
    STALE = "stale"
    """The reading under it is old, whether we counted on from it or not."""
    UNKNOWN = "unknown"
    """No figure at all."""


@dataclass(frozen=True, slots=True)
class QuotaWindow:
    """`total` and `remaining` calls until `resets_at` (Unix time, None: not started or unknown).

    Always 0 <= remaining <= total. A total of 0 says that nothing but a time is known. Changes
    are constructed by hand instead of with `replace`: they happen for every request.
    """

    mode: Mode
    total: int
    remaining: int
    window_s: float
    resets_at: float | None = None
    provenance: Provenance = Provenance.ESTIMATED
    measured_at: float | None = None
    """When the reading was taken that the figures rest on; None: on none."""
    wait_s: float = 0.0
    """What a refusal asked us to wait; until the reset no reading brings calls back."""

    @property
    def total_known(self) -> bool:
        """Of media grok.com tells no totals; `total` is the most that was ever seen left then."""
        return self.total > 0 and self.mode not in _MEDIA

    def age(self, now: float) -> float | None:
        """Seconds since the reading; None when the figures rest on none."""
        return None if self.measured_at is None else max(0.0, now - self.measured_at)

    def at(self, now: float) -> "QuotaWindow":
        """The window as it stands at `now`.

        It is full again once its reset has passed, and what was read grows old. Times that a
        clock set back has left too far ahead are brought within reach; they count from `now`
        then, so whoever keeps a window across such a change keeps the one returned here.
        """
        resets_at, measured_at, provenance = self.resets_at, self.measured_at, self.provenance
        if resets_at is not None:
            if now >= resets_at:
                return _renewed(self)
            resets_at = min(resets_at, now + max(self.window_s, self.wait_s))
        if measured_at is not None:
            measured_at = min(measured_at, now)
            if now >= measured_at + _stale_after_s(self):
                provenance = Provenance.STALE
        if (
            resets_at == self.resets_at
            and measured_at == self.measured_at
            and provenance is self.provenance
        ):
            return self
        return QuotaWindow(
            self.mode,
            self.total,
            self.remaining,
            self.window_s,
            resets_at,
            provenance,
            measured_at,
            self.wait_s,
        )

    def changes_at(self, now: float) -> float | None:
        """The next moment at which `at` gives something else: reset or staleness. None: never."""
        current = self.at(now)
        moments = [] if current.resets_at is None else [current.resets_at]
        if current.measured_at is not None and current.provenance is not Provenance.STALE:
            moments.append(current.measured_at + _stale_after_s(current))
        return min(moments, default=None)

    def spend(self, now: float) -> "QuotaWindow":
        """One call less. What a call costs in weekly credits is unknown: those stay."""
        current = self.at(now)
        if current.total <= 0:
            return current
        resets_at = current.resets_at
        if resets_at is None:
            resets_at = now + current.window_s
        counts = current.remaining > 0 and current.mode is not Mode.WEEKLY
        return _counted(current, current.remaining - counts, resets_at)

    def refund(self) -> "QuotaWindow":
        """Take back a `spend`."""
        if self.remaining >= self.total or self.mode is Mode.WEEKLY:
            return self
        return _counted(self, self.remaining + 1, self.resets_at)

    def exhaust(self, now: float, retry_after: float | None = None) -> "QuotaWindow":
        """Nothing left until the reset; `retry_after` (seconds) wins over what we believed."""
        current = self.at(now)
        wait_s = 0.0
        if retry_after is not None:
            wait_s = min(max(_SHORTEST_WAIT_S, retry_after), max(_LONGEST_WAIT_S, self.window_s))
            resets_at = now + wait_s
        elif current.resets_at is not None:
            resets_at, wait_s = current.resets_at, current.wait_s
        else:
            resets_at = now + current.window_s
        return QuotaWindow(
            current.mode,
            current.total,
            0,
            current.window_s,
            resets_at,
            Provenance.ESTIMATED,
            current.measured_at,
            wait_s,
        )

    def merge(self, reading: "QuotaWindow", spent_since: int) -> "QuotaWindow":
        """Take a reading, less the calls that were leased after it was asked for."""
        if reading.mode is Mode.WEEKLY:
            spent_since = 0
        total = reading.total if reading.total_known else max(self.total, reading.total)
        read = min(max(0, reading.remaining), total)
        if _holds_against(self, reading, read):
            return _held(self, reading, total)
        remaining, resets_at, provenance = read, reading.resets_at, reading.provenance
        if spent_since > 0:
            remaining = max(0, read - spent_since)
            provenance = Provenance.ESTIMATED
            if resets_at is None and reading.measured_at is not None:
                resets_at = reading.measured_at + reading.window_s  # the calls started it
        return QuotaWindow(
            reading.mode,
            total,
            remaining,
            reading.window_s,
            resets_at,
            provenance,
            reading.measured_at,
        )

    def shifted(self, seconds: float) -> "QuotaWindow":
        """All its times moved, as the wall clock was."""
        if self.resets_at is None and self.measured_at is None:
            return self
        return QuotaWindow(
            self.mode,
            self.total,
            self.remaining,
            self.window_s,
            None if self.resets_at is None else self.resets_at + seconds,
            self.provenance,
            None if self.measured_at is None else self.measured_at + seconds,
            self.wait_s,
        )


def _stale_after_s(window: QuotaWindow) -> float:
    return min(STALE_AFTER_S, window.window_s)


def _renewed(window: QuotaWindow) -> QuotaWindow:
    """What was read of the window before says nothing about the new one."""
    provenance = Provenance.ESTIMATED if window.total > 0 else Provenance.UNKNOWN
    return QuotaWindow(window.mode, window.total, window.total, window.window_s, None, provenance)


def _counted(window: QuotaWindow, remaining: int, resets_at: float | None) -> QuotaWindow:
    """A figure that we changed ourselves is no longer upstream's."""
    provenance = window.provenance
    if provenance is Provenance.MEASURED:
        provenance = Provenance.ESTIMATED
    return QuotaWindow(
        window.mode,
        window.total,
        remaining,
        window.window_s,
        resets_at,
        provenance,
        window.measured_at,
        window.wait_s,
    )


def _holds_against(window: QuotaWindow, reading: QuotaWindow, read: int) -> bool:
    """A refusal asked to wait, and the reading promises calls before that time is over."""
    if window.wait_s <= 0 or window.resets_at is None or reading.measured_at is None:
        return False
    comes_back = reading.resets_at if read == 0 else reading.measured_at
    return comes_back is None or comes_back < window.resets_at


def _held(window: QuotaWindow, reading: QuotaWindow, total: int) -> QuotaWindow:
    return QuotaWindow(
        reading.mode,
        total,
        0,
        reading.window_s,
        window.resets_at,
        Provenance.ESTIMATED,
        reading.measured_at,
        window.wait_s,
    )
