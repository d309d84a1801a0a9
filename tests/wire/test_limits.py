import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokdesk.domain.errors import ProtocolChangedError, UpstreamError
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow
from grokdesk.upstream.web.wire.limits import parse_imagine_quota, parse_rate_limits

NOW = 1_786_500_000.0
DAY = 86_400.0
PRODUCTS = ("image", "imageEdit", "imagePro", "video", "video720p")


def measured(mode, total, remaining, window_s, resets_at):
    return QuotaWindow(mode, total, remaining, window_s, resets_at, Provenance.MEASURED, NOW)


@pytest.mark.parametrize(
    ("case", "mode", "expected"),
    [
        ("basic-fast", Mode.FAST, measured(Mode.FAST, 30, 27, 86400.0, NOW + 86400)),
        ("basic-auto-aug", Mode.AUTO, measured(Mode.AUTO, 7, 7, 72000.0, None)),
        ("super-auto", Mode.AUTO, measured(Mode.AUTO, 50, 48, 7200.0, NOW + 7200)),
        ("exhausted-with-wait", Mode.EXPERT, measured(Mode.EXPERT, 50, 0, 7200.0, NOW + 1380)),
        ("mode-not-entitled", Mode.HEAVY, None),
    ],
)
def test_recorded_quota_answers_become_windows(case, mode, expected, cases):
    body = json.dumps(cases("quota-bodies.ndjson")[case]["response"]).encode()
    assert parse_rate_limits(mode, body, NOW) == expected


@pytest.mark.parametrize("total", [None, 0, -1, "30", True])
def test_without_a_total_the_account_has_no_such_mode(total):
    body = json.dumps({"totalQueries": total, "remainingQueries": 5, "windowSizeSeconds": 60})
    assert parse_rate_limits(Mode.AUTO, body.encode(), NOW) is None


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b'{"totalQueries":30,"windowSizeSeconds":60}',
        b'{"totalQueries":30,"remainingQueries":3}',
        b'{"totalQueries":30,"remainingQueries":3,"windowSizeSeconds":-1}',
    ],
)
def test_a_total_without_the_rest_means_that_the_protocol_changed(body):
    with pytest.raises(ProtocolChangedError):
        parse_rate_limits(Mode.FAST, body, NOW)


@pytest.mark.parametrize(("told", "kept"), [(-3, 0), (99, 30)])
def test_what_remains_stays_between_nothing_and_all(told, kept):
    body = json.dumps({"totalQueries": 30, "remainingQueries": told, "windowSizeSeconds": 60})
    assert parse_rate_limits(Mode.FAST, body.encode(), NOW).remaining == kept


@pytest.mark.parametrize("wait", [None, 0, -5, "60"])
def test_without_a_time_to_wait_the_window_runs_its_whole_length(wait):
    told = {"totalQueries": 30, "remainingQueries": 3, "windowSizeSeconds": 60}
    body = json.dumps({**told, "waitTimeSeconds": wait}).encode()
    assert parse_rate_limits(Mode.FAST, body, NOW).resets_at == NOW + 60


@pytest.mark.parametrize(("wait", "kept"), [(7_200, 7_200), (10**15, 31 * DAY)])
def test_a_wait_beyond_the_window_lengthens_it_within_reason(wait, kept):
    told = {"totalQueries": 30, "remainingQueries": 0, "windowSizeSeconds": 60}
    body = json.dumps({**told, "waitTimeSeconds": wait}).encode()
    window = parse_rate_limits(Mode.FAST, body, NOW)
    assert (window.resets_at, window.window_s) == (NOW + kept, kept)
    assert window.at(NOW) is window


def media(**product):
    return json.dumps(dict.fromkeys(PRODUCTS, product)).encode()


def test_recorded_media_quotas_are_read(cases):
    body = json.dumps(cases("quota-bodies.ndjson")["imagine-basic"]["response"]).encode()
    assert parse_imagine_quota(body, NOW) == {
        Mode.IMAGE_PRO: measured(Mode.IMAGE_PRO, 4, 4, DAY, NOW + DAY),
        Mode.IMAGE_EDIT: measured(Mode.IMAGE_EDIT, 3, 3, DAY, NOW + DAY),
        Mode.VIDEO: None,
        Mode.VIDEO_720P: measured(Mode.VIDEO_720P, 0, 0, 786_600.0, 1_787_286_600.0),
    }


def test_media_have_no_known_total(cases):
    body = json.dumps(cases("quota-bodies.ndjson")["imagine-super"]["response"]).encode()
    windows = parse_imagine_quota(body, NOW).values()
    assert [window.remaining for window in windows] == [100, 80, 50, 20]
    assert not any(window.total_known for window in windows)


@pytest.mark.parametrize("until", ["2026-08-12T04:30:00", "2026-08-12T06:30:00+02:00"])
def test_a_time_without_a_zone_is_utc(until):
    body = media(available=False, remainingQueries=0, nextAvailableAt=until)
    assert parse_imagine_quota(body, NOW)[Mode.VIDEO].resets_at == 1_786_509_000.0


@pytest.mark.parametrize("until", [None, "", "soon", "2020-01-01T00:00:00Z", "0001-01-01T00:00:00"])
def test_without_a_time_to_come_media_are_back_after_the_window(until):
    body = media(available=False, remainingQueries=0, nextAvailableAt=until, windowSizeSeconds=60)
    assert parse_imagine_quota(body, NOW)[Mode.VIDEO].resets_at == NOW + 60


@pytest.mark.parametrize("window_s", [None, 0, -1, "x"])
def test_media_without_a_window_have_one_of_a_day(window_s):
    body = media(available=True, remainingQueries=2, windowSizeSeconds=window_s)
    assert parse_imagine_quota(body, NOW)[Mode.VIDEO].window_s == DAY


@pytest.mark.parametrize("available", [False, None, "yes"])
def test_what_is_not_available_has_nothing_left(available):
    body = media(available=available, remainingQueries=7)
    window = parse_imagine_quota(body, NOW)[Mode.IMAGE_PRO]
    assert (window.remaining, window.total) == (0, 7)


@pytest.mark.parametrize("value", [5, {}, {"remainingQueries": "x"}, []])
def test_a_product_in_another_form_means_that_the_protocol_changed(value):
    body = json.dumps(dict.fromkeys(PRODUCTS, value)).encode()
    with pytest.raises(ProtocolChangedError):
        parse_imagine_quota(body, NOW)


def test_a_missing_product_means_that_the_protocol_changed():
    with pytest.raises(ProtocolChangedError):
        parse_imagine_quota(b'{"image":null}', NOW)


numbers = st.none() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=5)
answers = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("totalQueries", "remainingQueries", "windowSizeSeconds", "waitTimeSeconds"), numbers
    ),
)
products = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "available": st.booleans() | numbers,
        "remainingQueries": numbers,
        "windowSizeSeconds": numbers,
        "nextAvailableAt": st.datetimes().map(str) | numbers,
    },
)


@given(answer=answers)
def test_any_numbers_make_a_sound_window_or_an_upstream_error(answer):
    _check(lambda: [parse_rate_limits(Mode.FAST, json.dumps(answer).encode(), NOW)])


@given(answer=st.fixed_dictionaries(dict.fromkeys(PRODUCTS, products)))
def test_any_media_numbers_make_sound_windows_or_an_upstream_error(answer):
    _check(lambda: parse_imagine_quota(json.dumps(answer).encode(), NOW).values())


def _check(read):
    try:
        windows = read()
    except UpstreamError:
        return
    for window in windows:
        if window is not None:
            assert 0 <= window.remaining <= window.total
            assert 0 < window.window_s <= 31 * DAY
            assert window.at(NOW) is window
