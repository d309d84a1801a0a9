import json

import pytest

from grokdesk.domain.account import Tier
from grokdesk.domain.errors import ProtocolChangedError
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow
from grokdesk.upstream.web.wire.limits import (
    ImagineQuota,
    default_windows,
    infer_tier,
    parse_imagine_quota,
    parse_rate_limits,
)

NOW = 1_786_500_000.0


def window(mode, total):
    return QuotaWindow(mode, total, total, 7200.0)


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


@pytest.mark.parametrize(
    ("windows", "tier"),
    [
        ([], None),
        ([window(Mode.EXPERT, 50)], None),
        ([window(Mode.AUTO, 13)], None),
        ([window(Mode.AUTO, 7)], Tier.BASIC),
        ([window(Mode.AUTO, 20)], Tier.BASIC),
        ([window(Mode.FAST, 30), window(Mode.AUTO, 13)], Tier.BASIC),
        ([window(Mode.FAST, 140), window(Mode.AUTO, 50)], Tier.SUPER),
        ([window(Mode.FAST, 400), window(Mode.AUTO, 150), window(Mode.HEAVY, 20)], Tier.HEAVY),
        ([window(Mode.HEAVY, 1)], Tier.HEAVY),
        ([window(Mode.HEAVY, 20), window(Mode.AUTO, 50)], Tier.SUPER),
        ([window(Mode.AUTO, 150), window(Mode.FAST, 30)], Tier.BASIC),
    ],
)
def test_the_tier_follows_from_the_totals_and_the_lower_one_wins(windows, tier):
    assert infer_tier(windows) is tier


@pytest.mark.parametrize("tier", Tier)
def test_the_windows_assumed_for_a_tier_give_that_tier_away(tier):
    windows = default_windows(tier)
    assert infer_tier(windows) is tier
    assert all(w.remaining == w.total and w.provenance is Provenance.ESTIMATED for w in windows)


def test_higher_tiers_have_all_modes_of_the_lower_and_more_of_each():
    basic, paid, heavy = ({w.mode: w.total for w in default_windows(tier)} for tier in Tier)
    assert basic.keys() < paid.keys() < heavy.keys()
    assert all(heavy[mode] > paid[mode] for mode in paid)


def test_recorded_media_quotas_are_read(cases):
    body = json.dumps(cases("quota-bodies.ndjson")["imagine-basic"]["response"]).encode()
    quota = parse_imagine_quota(body, NOW)
    assert quota["image"] == ImagineQuota(True, 12, 86400.0, NOW + 86400)
    assert quota["video"] is None
    assert quota["video720p"] == ImagineQuota(False, 0, 86400.0, 1787286600.0)


@pytest.mark.parametrize("until", ["2026-08-21T04:30:00", "2026-08-21T06:30:00+02:00"])
def test_a_time_without_a_zone_is_utc(until):
    product = {"available": False, "remainingQueries": 0, "nextAvailableAt": until}
    body = dict.fromkeys(("image", "imageEdit", "imagePro", "video", "video720p"), product)
    quota = parse_imagine_quota(json.dumps(body).encode(), NOW)
    assert quota["video"] == ImagineQuota(False, 0, 86400.0, 1787286600.0)


@pytest.mark.parametrize("value", [5, {}, {"remainingQueries": "x"}])
def test_a_product_in_another_form_means_that_the_protocol_changed(value):
    body = dict.fromkeys(("image", "imageEdit", "imagePro", "video", "video720p"), value)
    with pytest.raises(ProtocolChangedError):
        parse_imagine_quota(json.dumps(body).encode(), NOW)


def test_a_missing_product_means_that_the_protocol_changed():
    with pytest.raises(ProtocolChangedError):
        parse_imagine_quota(b'{"image":null}', NOW)
