from dataclasses import replace

import pytest
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from stand_in import NOW, windows

from grokdesk.domain.account import AccountState, Tier
from grokdesk.domain.quota import CHAT_MODES, Mode, Provenance, QuotaWindow
from grokdesk.kernel.clock import ManualClock
from grokdesk.services.accounts import AccountSnapshot
from grokdesk.ui.models.accounts import QUOTA_COLUMNS, AccountsModel, Column
from grokdesk.ui.presenters.account_row import MODES, build_row, tooltip

UP, DOWN = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder


def snapshot(label: str, **changes: object) -> AccountSnapshot:
    plain = AccountSnapshot(
        id=f"id-{label}",
        label=label,
        token_hint="…9f3a",
        email="",
        tier=Tier.BASIC,
        tier_pinned=False,
        enabled=True,
        state=AccountState.READY,
        state_until=None,
        in_flight=0,
        cap=8,
        priority=0,
        note="",
        max_in_flight=None,
        windows=(),
        evidence=None,
        demo=False,
        probed_at=None,
        last_used_at=None,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.fixture
def model() -> AccountsModel:
    return AccountsModel(ManualClock(NOW))


def fill(model: AccountsModel, *accounts: AccountSnapshot) -> None:
    model.install([build_row(account) for account in accounts])


def labels(model: AccountsModel) -> list[str]:
    return [row.account.label for row in model.shown]


def cell(model: AccountsModel, row: int, column: Column) -> str:
    return str(model.index(row, column).data())


def test_the_model_passes_qts_own_checks(model: AccountsModel, qtmodeltester: object) -> None:
    fill(model, snapshot("a"), snapshot("b"))
    qtmodeltester.check(model)  # type: ignore[attr-defined]


def test_labels_sort_without_regard_to_case(model: AccountsModel) -> None:
    fill(model, snapshot("b"), snapshot("C"), snapshot("a"))
    assert labels(model) == ["a", "b", "C"]
    model.sort(Column.LABEL, DOWN)
    assert labels(model) == ["C", "b", "a"]


def test_unknown_quota_sorts_below_none_left(model: AccountsModel) -> None:
    full, empty = windows(Tier.BASIC), windows(Tier.BASIC, left=0.0)
    unknown = tuple(replace(w, provenance=Provenance.UNKNOWN) for w in full)
    fill(
        model,
        snapshot("full", windows=full),
        snapshot("unknown", windows=unknown),
        snapshot("none"),
        snapshot("empty", windows=empty),
    )
    model.sort(Column.FAST, UP)
    assert labels(model) == ["none", "unknown", "empty", "full"]
    assert cell(model, 0, Column.FAST) == "—"
    assert cell(model, 1, Column.FAST) == "?"
    assert cell(model, 2, Column.FAST) == "0/30"


def test_accounts_without_a_reset_sort_last(model: AccountsModel) -> None:
    fill(
        model,
        snapshot("never"),
        snapshot("later", windows=windows(Tier.BASIC, resets_in=900)),
        snapshot("soon", state=AccountState.COOLING, state_until=NOW + 40),
    )
    model.sort(Column.RESETS, UP)
    assert labels(model) == ["soon", "later", "never"]
    assert [cell(model, row, Column.RESETS) for row in range(3)] == ["40 s", "15 min", "—"]


def test_equal_rows_keep_the_order_of_the_sort_before_also_when_refreshed(
    model: AccountsModel,
) -> None:
    rows = snapshot("y"), snapshot("z"), snapshot("x")
    fill(model, *rows)
    model.sort(Column.LABEL, DOWN)
    model.sort(Column.IN_FLIGHT, UP)
    assert labels(model) == ["z", "y", "x"]
    fill(model, *rows)
    assert labels(model) == ["z", "y", "x"]


def test_the_filter_looks_at_labels_addresses_states_and_tiers(model: AccountsModel) -> None:
    fill(
        model,
        snapshot("Work", email="me@example.org"),
        snapshot("Lab", tier=Tier.HEAVY),
        snapshot("Old", state=AccountState.EXPIRED),
    )
    seen: list[tuple[int, int]] = []
    model.counted.connect(lambda shown, total: seen.append((shown, total)))
    for needle, expected in (
        ("WORK", "Work"),
        ("example", "Work"),
        ("heavy", "Lab"),
        ("signed out", "Old"),
    ):
        model.set_filter(needle)
        assert labels(model) == [expected]
    model.set_filter("nobody")
    assert labels(model) == []
    assert seen[-1] == (0, 3)
    model.set_filter("")
    assert len(labels(model)) == 3


def test_persistent_indexes_follow_their_account(model: AccountsModel) -> None:
    fill(model, snapshot("a"), snapshot("b"), snapshot("c"))
    held = QPersistentModelIndex(model.index(1, Column.TIER))
    model.sort(Column.LABEL, DOWN)
    fill(model, snapshot("0"), snapshot("a"), snapshot("b"), snapshot("c"))
    assert model.row_at(held).account.label == "b"
    assert held.column() == Column.TIER
    fill(model, snapshot("a"))
    assert not held.isValid()


def test_a_refresh_without_moves_only_says_that_data_changed(model: AccountsModel) -> None:
    fill(model, snapshot("a"), snapshot("b"))
    layouts: list[None] = []
    changes: list[tuple[QModelIndex, QModelIndex]] = []
    model.layoutChanged.connect(lambda: layouts.append(None))
    model.dataChanged.connect(lambda top, bottom: changes.append((top, bottom)))
    fill(model, snapshot("a", in_flight=3), snapshot("b"))
    assert layouts == []
    assert len(changes) == 1
    assert cell(model, 0, Column.IN_FLIGHT) == "3"


def test_a_window_whose_reset_has_passed_shows_as_full_again(model: AccountsModel) -> None:
    clock = ManualClock(NOW)
    model = AccountsModel(clock)
    fill(model, snapshot("a", windows=windows(Tier.BASIC, left=0.0, resets_in=60)))
    assert cell(model, 0, Column.FAST) == "0/30"
    clock.advance(61)
    assert cell(model, 0, Column.FAST) == "≈30/30"


def test_tooltips_escape_what_people_and_upstream_wrote(model: AccountsModel) -> None:
    fill(model, snapshot("<img src='file:///etc/passwd'>"))
    tip = str(model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole))
    assert "<img" not in tip
    assert "&lt;img" in tip


def test_copied_rows_are_tab_separated_and_cannot_become_formulas(model: AccountsModel) -> None:
    fill(model, snapshot("=cmd|' /C calc'!A0"), snapshot("tab\there"))
    lines = model.as_tsv([0, 1]).split("\n")
    assert lines[0].startswith("Account\tTier\tState\tFast\t")
    assert lines[1].startswith("'=cmd")
    assert lines[2].split("\t")[0] == "tab here"
    assert {line.count("\t") for line in lines} == {len(Column) - 1}


def test_the_tooltip_tells_what_is_left_and_since_when() -> None:
    account = snapshot("a", windows=windows(Tier.BASIC), probed_at=NOW - 60)
    tip = tooltip(build_row(account), NOW)
    assert "Fast: 30 of 30 calls left, as reported by grok.com 1 min ago" in tip
    assert "Checked 1 min ago" in tip


def test_over_a_figure_the_tooltip_is_about_that_figure(model: AccountsModel) -> None:
    fill(model, snapshot("a", windows=windows(Tier.SUPER, left=0.5)))
    tip = str(model.index(0, Column.AUTO).data(Qt.ItemDataRole.ToolTipRole))
    assert "Auto: 30 of 60 calls left, as reported by grok.com 1 min ago" in tip
    assert "Fast" not in tip


def test_an_old_figure_shows_its_age(model: AccountsModel) -> None:
    old = windows(Tier.BASIC, left=0.6, resets_in=3600)[0]
    window = replace(old, window_s=86_400.0, measured_at=NOW - 3 * 3600)
    fill(model, snapshot("a", windows=(window,)))
    assert cell(model, 0, Column.FAST) == "18/30 (3 h old)"


def test_weekly_credits_have_a_column_of_shares_that_sorts(model: AccountsModel) -> None:
    def weekly(left: int) -> QuotaWindow:
        return QuotaWindow(Mode.WEEKLY, 10_000, left, 604_800.0, None, Provenance.MEASURED, NOW)

    fill(
        model,
        snapshot("half", windows=(weekly(5_000),)),
        snapshot("most", windows=(weekly(9_100),)),
        snapshot("free", windows=windows(Tier.BASIC)),
    )
    model.sort(Column.WEEKLY, DOWN)
    assert labels(model) == ["most", "half", "free"]
    shown = [cell(model, row, Column.WEEKLY) for row in range(3)]
    assert shown == ["91 %", "50 %", "—"]
    assert cell(model, 0, Column.FAST) == "—"


def test_only_quota_columns_that_somebody_needs_are_there(model: AccountsModel) -> None:
    assert model.quota_columns == {Column.FAST}
    fill(model, snapshot("a"), snapshot("b", windows=windows(Tier.SUPER)))
    assert model.quota_columns == {Column.FAST, Column.AUTO, Column.EXPERT}
    fill(model, snapshot("a"))
    assert model.quota_columns == {Column.FAST}


def test_busy_accounts_sort_right_after_the_ready_ones(model: AccountsModel) -> None:
    fill(model, *(snapshot(state.value, state=state) for state in reversed(AccountState)))
    model.sort(Column.STATE, UP)
    assert labels(model)[:3] == ["ready", "busy", "cooling"]
    assert cell(model, 1, Column.STATE) == "Busy"


def test_the_filter_finds_words_of_the_note(model: AccountsModel) -> None:
    fill(model, snapshot("a", note="Belongs to Maria"), snapshot("b"))
    model.set_filter("maria")
    assert labels(model) == ["a"]


def test_the_tooltip_tells_of_media_and_credits_that_have_no_column() -> None:
    video = QuotaWindow(Mode.VIDEO, 9, 4, 86_400.0, NOW + 60, Provenance.MEASURED, NOW - 60)
    weekly = QuotaWindow(Mode.WEEKLY, 10_000, 5_000, 604_800.0, NOW + 600, Provenance.MEASURED, NOW)
    row = build_row(snapshot("a", windows=(*windows(Tier.BASIC), video, weekly)))
    tip = tooltip(row, NOW)
    assert "Videos: 4 of an unknown number left" in tip
    assert "Weekly credits: 50 % left" in tip
    assert row.resets_at == NOW + 600, "media do not bring a chat account back"


def test_every_mode_has_its_column() -> None:
    named = {column.heading.lower() for column in Column}
    assert {mode.value for mode in CHAT_MODES} <= named
    assert len(QUOTA_COLUMNS) == len(MODES)
