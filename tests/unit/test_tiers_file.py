import pytest

from grokdesk.domain.account import Tier
from grokdesk.domain.errors import SettingsError
from grokdesk.domain.quota import Mode, QuotaWindow
from grokdesk.settings.tiers import load_tiers, parse_tiers

SOUND = """
[basic.fast]
calls = 12
window_s = 600
totals = [12, 13]

[basic.auto]
totals = [5]

[super.video]
calls = 3
window_s = 86400

[heavy.heavy]
totals = "any"
"""


@pytest.fixture(scope="module")
def bundled(pytestconfig):
    return (pytestconfig.rootpath / "resources" / "quota.toml").read_text("utf-8")


def test_tables_become_assumed_windows_and_signs():
    table = parse_tiers(SOUND)
    assert table.windows(Tier.BASIC) == (QuotaWindow(Mode.FAST, 12, 12, 600.0),)
    assert table.windows(Tier.SUPER) == (QuotaWindow(Mode.VIDEO, 3, 3, 86_400.0),)
    assert table.windows(Tier.HEAVY) == ()
    assert table.by_total == {
        (Mode.FAST, 12): Tier.BASIC,
        (Mode.FAST, 13): Tier.BASIC,
        (Mode.AUTO, 5): Tier.BASIC,
    }
    assert table.by_mode == {Mode.HEAVY: Tier.HEAVY}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("[basic.fast]", "[free.fast]", "'free' must be a table and one of basic, super, heavy"),
        ("[basic.fast]", "[basic.turbo]", "'basic.turbo' must be a table and its mode one of fast"),
        ("[super.video]", "[super.weekly]", "'super.weekly' must be a table"),
        ("[basic.auto]\ntotals = [5]", "[basic]\nauto = 5", "'basic.auto' must be a table"),
        ("calls = 12", "calls = 0", r"\[basic.fast\]: calls must be a whole number from 1 to"),
        ("calls = 12", "calls = true", r"\[basic.fast\]: calls must be a whole number"),
        ("calls = 12\n", "", r"\[basic.fast\]: calls must be a whole number"),
        ("window_s = 600\n", "", r"\[basic.fast\]: window_s must be a whole number from 60"),
        ("window_s = 600", "window_s = 1e9", r"\[basic.fast\]: window_s must be"),
        ("totals = [5]", "totals = 5", r"\[basic.auto\]: totals must be a list of numbers"),
        ("totals = [5]", "totals = ['5']", r"\[basic.auto\]: each of totals must be a whole"),
        ("totals = [5]", "colour = 5", r"\[basic.auto\]: 'colour' is not one of calls, window_s"),
        ("window_s = 86400", "window_s = 86400\ntotals = [3]", r"\[super.video\]: no totals"),
        (
            "[heavy.heavy]",
            "[heavy.fast]\ntotals = [13]\n[heavy.heavy]",
            r"\[heavy.fast\]: the total 13 is a sign of tier basic already",
        ),
        (
            "[heavy.heavy]",
            "[super.heavy]\ntotals = 'any'\n[heavy.heavy]",
            r"\[heavy.heavy\]: the mode is a sign of tier super already",
        ),
    ],
)
def test_a_mistake_is_told_with_its_table(old, new, problem):
    text = SOUND.replace(old, new, 1)
    assert text != SOUND
    with pytest.raises(SettingsError, match=problem) as caught:
        parse_tiers(text)
    assert caught.value.key == "quota"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "assumes nothing"),
        ("basic = 1", "'basic' must be a table"),
        ("[basic.fast\n", "line 1"),
        ("x = " + "9" * 5_000, "beyond all measure"),
        ("x = " + "[" * 100_000, "beyond all measure"),
    ],
)
def test_what_is_no_table_of_tiers_is_refused(text, problem):
    with pytest.raises(SettingsError, match=problem):
        parse_tiers(text)


def test_the_users_file_replaces_ours_as_a_whole(bundled, tmp_path):
    user_file = tmp_path / "quota.toml"
    user_file.write_text("\ufeff" + SOUND, encoding="utf-8")
    assert load_tiers(bundled, user_file) == (parse_tiers(SOUND), ())


def test_without_a_users_file_ours_is_used(bundled, tmp_path):
    ours = parse_tiers(bundled)
    assert load_tiers(bundled, None) == (ours, ())
    assert load_tiers(bundled, tmp_path / "quota.toml") == (ours, ())


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"[basic\n", "line 1"), (b"\xff", "it is not UTF-8"), (b"", "assumes"), (None, "directory")],
)
def test_a_bad_users_file_is_a_notice_and_ours_is_used(bundled, tmp_path, data, reason):
    user_file = tmp_path / "quota.toml"
    user_file.mkdir() if data is None else user_file.write_bytes(data)
    table, (notice,) = load_tiers(bundled, user_file)
    assert table == parse_tiers(bundled)
    assert notice.startswith(f"{user_file} is not used: ")
    assert reason in notice
