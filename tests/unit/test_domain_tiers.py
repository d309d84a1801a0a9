import pytest

from grokdesk.domain.account import Tier
from grokdesk.domain.quota import CHAT_MODES, Mode, Provenance, QuotaWindow
from grokdesk.domain.tiers import TierTable
from grokdesk.settings.tiers import parse_tiers


@pytest.fixture(scope="module")
def table(pytestconfig):
    return parse_tiers((pytestconfig.rootpath / "resources" / "quota.toml").read_text("utf-8"))


def window(mode, total):
    return QuotaWindow(mode, total, total, 7200.0)


@pytest.mark.parametrize(
    ("windows", "tier"),
    [
        ([], None),
        ([window(Mode.EXPERT, 50)], None),
        ([window(Mode.AUTO, 13)], None),
        ([window(Mode.AUTO, 0)], None),
        ([window(Mode.HEAVY, 0)], None),
        ([window(Mode.AUTO, 7)], Tier.BASIC),
        ([window(Mode.AUTO, 20)], Tier.BASIC),
        ([window(Mode.AUTO, 50)], Tier.SUPER),
        ([window(Mode.AUTO, 150)], Tier.HEAVY),
        ([window(Mode.FAST, 30)], Tier.BASIC),
        ([window(Mode.FAST, 140)], Tier.SUPER),
        ([window(Mode.FAST, 400)], Tier.HEAVY),
        ([window(Mode.FAST, 30), window(Mode.AUTO, 13)], Tier.BASIC),
        ([window(Mode.FAST, 140), window(Mode.AUTO, 50)], Tier.SUPER),
        ([window(Mode.FAST, 400), window(Mode.AUTO, 150), window(Mode.HEAVY, 20)], Tier.HEAVY),
        ([window(Mode.HEAVY, 1)], Tier.HEAVY),
        ([window(Mode.HEAVY, 20), window(Mode.AUTO, 50)], Tier.SUPER),
        ([window(Mode.AUTO, 150), window(Mode.FAST, 30)], Tier.BASIC),
        ([window(Mode.WEEKLY, 10_000)], None),
        ([window(Mode.WEEKLY, 10_000), window(Mode.FAST, 30)], Tier.BASIC),
        ([window(Mode.IMAGE_PRO, 400), window(Mode.VIDEO, 150)], None),
    ],
)
def test_the_tier_follows_from_the_totals_and_the_lower_one_wins(table, windows, tier):
    assert table.infer(windows) is tier


@pytest.mark.parametrize("tier", Tier)
def test_the_windows_assumed_for_a_tier_give_that_tier_away(table, tier):
    windows = table.windows(tier)
    assert table.infer(windows) is tier
    assert all(w.remaining == w.total and w.provenance is Provenance.ESTIMATED for w in windows)


def test_higher_tiers_have_all_modes_of_the_lower_and_more_of_each(table):
    basic, paid, heavy = ({w.mode: w.total for w in table.windows(tier)} for tier in Tier)
    assert basic.keys() < paid.keys() < heavy.keys() == set(CHAT_MODES)
    assert all(heavy[mode] > paid[mode] for mode in paid)


def test_an_empty_table_assumes_and_infers_nothing():
    assert TierTable().windows(Tier.HEAVY) == ()
    assert TierTable().infer([window(Mode.FAST, 30)]) is None
