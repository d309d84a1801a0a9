"""Quota answers, and the tier that their totals give away."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from grokdesk.domain.account import Tier
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow
from grokdesk.upstream.web.wire.lenient import changed, parse_object, text_of, whole_of

_DAY, _TWO_HOURS = 86_400.0, 7_200.0

# Calls per window, as observed until Aug 2026.
_DEFAULTS: Mapping[Tier, Mapping[Mode, tuple[int, float]]] = {
    Tier.BASIC: {Mode.FAST: (30, _DAY)},
    Tier.SUPER: {
        Mode.FAST: (140, _TWO_HOURS),
        Mode.AUTO: (50, _TWO_HOURS),
        Mode.EXPERT: (50, _TWO_HOURS),
    },
    Tier.HEAVY: {
        Mode.FAST: (400, _TWO_HOURS),
        Mode.AUTO: (150, _TWO_HOURS),
        Mode.EXPERT: (150, _TWO_HOURS),
        Mode.HEAVY: (20, _TWO_HOURS),
    },
}

_TIER_OF_TOTAL = {
    (Mode.AUTO, 7): Tier.BASIC,
    (Mode.AUTO, 20): Tier.BASIC,
    (Mode.AUTO, 50): Tier.SUPER,
    (Mode.AUTO, 150): Tier.HEAVY,
    (Mode.FAST, 30): Tier.BASIC,
    (Mode.FAST, 140): Tier.SUPER,
    (Mode.FAST, 400): Tier.HEAVY,
}


def default_windows(tier: Tier) -> tuple[QuotaWindow, ...]:
    """What an account of the tier has until it was measured."""
    return tuple(
        QuotaWindow(mode, total, total, window_s)
        for mode, (total, window_s) in _DEFAULTS[tier].items()
    )


def parse_rate_limits(mode: Mode, body: bytes, now: float) -> QuotaWindow | None:
    """None when the account has no such mode. Raise ProtocolChangedError."""
    answer = parse_object(body, "a quota")
    total = whole_of(answer.get("totalQueries"))
    if not total or total < 0:
        return None
    remaining = whole_of(answer.get("remainingQueries"))
    window_s = whole_of(answer.get("windowSizeSeconds"))
    if remaining is None or not window_s or window_s < 0:
        raise changed("a quota", body)
    wait_s = whole_of(answer.get("waitTimeSeconds"))
    is_full = remaining >= total
    return QuotaWindow(
        mode,
        total,
        remaining=min(total, max(0, remaining)),
        window_s=float(window_s),
        resets_at=None if is_full else now + (wait_s if wait_s and wait_s > 0 else window_s),
        provenance=Provenance.MEASURED,
        measured_at=now,
    )


def infer_tier(windows: Iterable[QuotaWindow]) -> Tier | None:
    """The tier by the totals of all modes; the lower one where they disagree."""
    signs = (_tier_of(window) for window in windows)
    return min((tier for tier in signs if tier), default=None)


def _tier_of(window: QuotaWindow) -> Tier | None:
    if window.mode is Mode.HEAVY and window.total > 0:
        return Tier.HEAVY
    return _TIER_OF_TOTAL.get((window.mode, window.total))


@dataclass(frozen=True, slots=True)
class ImagineQuota:
    """What is left of one media product; no totals are given."""

    available: bool
    remaining: int
    window_s: float
    resets_at: float


IMAGINE_PRODUCTS = ("image", "imageEdit", "imagePro", "video", "video720p")


def parse_imagine_quota(body: bytes, now: float) -> dict[str, ImagineQuota | None]:
    """By product; None where the account is not offered it. Raise ProtocolChangedError."""
    answer = parse_object(body, "the media quota")
    if any(product not in answer for product in IMAGINE_PRODUCTS):
        raise changed("the media quota", body)
    return {product: _imagine(answer[product], body, now) for product in IMAGINE_PRODUCTS}


def _imagine(value: Any, body: bytes, now: float) -> ImagineQuota | None:
    if value is None:
        return None
    remaining = whole_of(value.get("remainingQueries")) if isinstance(value, dict) else None
    if remaining is None:
        raise changed("the media quota", body)
    window_s = float(whole_of(value.get("windowSizeSeconds")) or _DAY)
    resets_at = _unix_time(text_of(value.get("nextAvailableAt")))
    return ImagineQuota(
        available=value.get("available") is True,
        remaining=max(0, remaining),
        window_s=window_s,
        resets_at=now + window_s if resets_at is None else resets_at,
    )


def _unix_time(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
