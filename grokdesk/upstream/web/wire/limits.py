"""Quota answers: calls left per chat mode, and per media product."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from grokdesk.domain.quota import LONGEST_WINDOW_S, Mode, Provenance, QuotaWindow
from grokdesk.upstream.web.wire.lenient import changed, parse_object, text_of, whole_of

_DAY = 86_400

# The lite images of `image` are drawn by the chat: they count in mode fast, or in weekly credits.
_PRODUCTS = ("image", "imageEdit", "imagePro", "video", "video720p")
_MODE_OF_PRODUCT = {
    "imagePro": Mode.IMAGE_PRO,
    "imageEdit": Mode.IMAGE_EDIT,
    "video": Mode.VIDEO,
    "video720p": Mode.VIDEO_720P,
}


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
    if not wait_s or wait_s < 0:
        wait_s = window_s
    is_full = remaining >= total
    return _window(mode, total, remaining, window_s, None if is_full else now + wait_s, now)


def parse_imagine_quota(body: bytes, now: float) -> dict[Mode, QuotaWindow | None]:
    """None where the account is not offered the product. No totals are told: what is left now
    stands for them. Raise ProtocolChangedError."""
    answer = parse_object(body, "the media quota")
    if any(product not in answer for product in _PRODUCTS):
        raise changed("the media quota", body)
    return {
        mode: _media_window(mode, answer[product], body, now)
        for product, mode in _MODE_OF_PRODUCT.items()
    }


def _media_window(mode: Mode, value: Any, body: bytes, now: float) -> QuotaWindow | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise changed("the media quota", body)
    remaining = whole_of(value.get("remainingQueries"))
    if remaining is None:
        raise changed("the media quota", body)
    left = remaining if value.get("available") is True else 0
    window_s = whole_of(value.get("windowSizeSeconds"))
    if not window_s or window_s < 0:
        window_s = _DAY
    resets_at = _unix_time(text_of(value.get("nextAvailableAt")))
    if resets_at is None or resets_at <= now:
        resets_at = now + window_s
    return _window(mode, max(0, remaining), left, window_s, resets_at, now)


def _window(
    mode: Mode, total: int, remaining: int, window_s: float, resets_at: float | None, now: float
) -> QuotaWindow:
    """The window is taken to be at least as long as its rest is."""
    if resets_at is not None:
        resets_at = min(resets_at, now + LONGEST_WINDOW_S)
        window_s = max(window_s, resets_at - now)
    return QuotaWindow(
        mode,
        total,
        min(total, max(0, remaining)),
        min(float(window_s), LONGEST_WINDOW_S),
        resets_at,
        Provenance.MEASURED,
        now,
    )


def _unix_time(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
