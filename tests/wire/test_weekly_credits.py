import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokdesk.domain.errors import (
    ForbiddenError,
    ProtocolChangedError,
    RateLimitedError,
    TokenRejectedError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from grokdesk.domain.quota import Mode, Provenance
from grokdesk.upstream.web.wire.weekly_credits import (
    WeeklyCredits,
    parse_weekly_credits,
    window_of,
)

DAY = 86_400
START = 1_786_320_000


def field(number, value):
    if isinstance(value, float):
        return bytes([number << 3 | 5]) + struct.pack("<f", value)
    if isinstance(value, int):
        return bytes([number << 3]) + varint(value)
    return bytes([number << 3 | 2]) + varint(len(value)) + value


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def frame(message, flags=0):
    return bytes([flags]) + len(message).to_bytes(4, "big") + message


def pool(*fields, days=7, nanos=5):
    end = START + days * DAY
    bounds = [field(4, stamp(START, nanos)), field(5, stamp(end, nanos))]
    return frame(field(1, b"".join([*fields, *bounds])))


def stamp(seconds, nanos):
    return field(1, seconds) + (field(2, nanos) if nanos else b"")


@pytest.fixture
def recorded(cases):
    loaded = cases("weekly-credits-grpcweb.ndjson")
    return lambda name: bytes.fromhex(loaded[name]["hex"])


def test_the_recorded_pool_is_read(recorded):
    read = parse_weekly_credits(recorded("response-42.5-percent"))
    assert read.used_percent == 42.5
    assert (int(read.starts_at), int(read.ends_at)) == (1786320000, 1786924800)
    assert read.breakdown == (("chat", 30.0), ("imagine", 12.5))


def test_the_body_may_be_base64_text(recorded):
    raw = recorded("response-42.5-percent")
    assert parse_weekly_credits(base64.b64encode(raw)) == parse_weekly_credits(raw)


def test_a_recorded_refusal_is_told_by_its_trailer(recorded):
    with pytest.raises(TokenRejectedError):
        parse_weekly_credits(recorded("trailer-unauthenticated"))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (4, UpstreamTimeoutError),
        (7, ForbiddenError),
        (8, RateLimitedError),
        (14, UpstreamUnavailableError),
        (16, TokenRejectedError),
        (13, UpstreamUnavailableError),
    ],
)
def test_each_status_is_an_error_of_its_own(status, error):
    with pytest.raises(error) as caught:
        parse_weekly_credits(frame(f"grpc-message:x\r\nGRPC-Status: {status}\r\n".encode(), 0x80))
    assert type(caught.value) is error


def test_without_a_body_the_status_stands_in_a_header():
    with pytest.raises(TokenRejectedError):
        parse_weekly_credits(b"", "16")
    with pytest.raises(ProtocolChangedError):
        parse_weekly_credits(b"", "what")
    assert parse_weekly_credits(pool(), "0") is not None


def test_a_pool_without_a_percentage_is_unused():
    assert parse_weekly_credits(pool()).used_percent == 0.0


def test_an_account_without_percentage_and_fractions_of_seconds_has_no_pool():
    assert parse_weekly_credits(pool(nanos=0)) is None


def test_unknown_fields_and_products_are_no_obstacle():
    extra = [bytes([9 << 3 | 1]) + bytes(8), field(10, 3), field(7, field(1, 99) + field(2, 1.0))]
    read = parse_weekly_credits(pool(field(1, 10.0), *extra))
    assert read == WeeklyCredits(10.0, START + 5e-9, START + 7 * DAY + 5e-9, (("product 99", 1.0),))


@pytest.mark.parametrize(
    ("percent", "kept"), [(-1.0, 0.0), (250.0, 100.0), (float("nan"), 0.0), (float("inf"), 100.0)]
)
def test_percentages_stay_within_their_bounds(percent, kept):
    assert parse_weekly_credits(pool(field(1, percent))).used_percent == kept


NOW = START + 3.0 * DAY


def used(percent, start=START, end=START + 7 * DAY):
    return WeeklyCredits(percent, float(start), float(end))


def test_the_pool_is_a_window_that_ends_with_its_period(recorded):
    window = window_of(parse_weekly_credits(recorded("response-42.5-percent")), NOW)
    assert (window.mode, window.total, window.remaining) == (Mode.WEEKLY, 10_000, 5_750)
    assert (window.window_s, int(window.resets_at)) == (7 * DAY, 1_786_924_800)
    assert (window.provenance, window.measured_at) == (Provenance.MEASURED, NOW)


@pytest.mark.parametrize(
    ("percent", "left"),
    [(0.0, 10_000), (100 / 3, 6_667), (99.99, 1), (99.9999, 1), (100.0, 0)],
)
def test_only_a_pool_that_is_quite_empty_has_nothing_left(percent, left):
    assert window_of(used(percent), NOW).remaining == left


@pytest.mark.parametrize("now", [START - 300.0 * DAY, START + 7.0 * DAY, START + 300.0 * DAY])
def test_a_period_that_cannot_be_by_our_clock_counts_from_now(now):
    window = window_of(used(50.0), now)
    assert window.resets_at == now + 7 * DAY
    assert window.at(now) is window


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>not grpc</html>",
        b"AAAA",
        b"AAAAA",
        frame(b"", 0x01),
        frame(b"abc")[:-1],
        frame(b"\xff" * 12),
        frame(field(1, b"\x0d\x00")),
        frame(b"\x0b"),
        pool(field(1, 1.0), days=0),
        pool(field(1, 1.0), days=32),
        frame(b"grpc-status: lots\r\n", 0x80),
    ],
)
def test_anything_else_means_that_the_protocol_changed(body):
    with pytest.raises(ProtocolChangedError):
        parse_weekly_credits(body)


@given(st.binary(max_size=200) | st.binary(max_size=80).map(frame))
def test_any_bytes_are_a_pool_or_none_or_an_upstream_error(body):
    try:
        read = parse_weekly_credits(body)
    except UpstreamError:
        return
    assert read is None or 0 <= read.used_percent <= 100
