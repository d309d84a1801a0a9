"""Hours of requests against a hundred accounts; `python -m tests.pool.simulate` does it big."""

import statistics

import pytest

from grokdesk.pool.ranking import Selection
from tests.pool.simulate import TOTAL, Simulation, main, pick_times


@pytest.mark.parametrize("selection", list(Selection))
@pytest.mark.parametrize("rough", [False, True], ids=["even", "rough"])
def test_nobody_is_used_past_its_window_and_all_recover_on_time(
    selection: Selection, rough: bool
) -> None:
    accounts = 100
    report = Simulation(accounts, selection, rough=rough).run(4 * accounts * TOTAL)
    assert report.past_window == 0
    assert report.vain_waits == 0
    assert report.late == 0
    assert report.recoveries > accounts
    assert report.waits > 0
    assert rough or report.surprises == 0


def test_round_robin_never_gives_an_account_two_leases_more_than_another() -> None:
    simulation = Simulation(100, Selection.ROUND_ROBIN)
    report = simulation.run(10_007)
    assert sorted(set(simulation.leases.values())) == [100, 101]
    assert report.deviation == 1


def test_picking_costs_about_the_same_among_many_accounts_as_among_few() -> None:
    """Wide enough for a busy machine; a search through all would cost a hundred times as much."""
    few, many = (
        min(
            statistics.median(pick_times(Selection.HIGH_QUOTA_FIRST, accounts, 4000))
            for _ in range(2)
        )
        for accounts in (10, 2000)
    )
    assert many < 5 * few


def test_the_program_says_so_when_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--accounts", "20", "--requests", "2000", "--selection", "round_robin"]) == 0
    said = capsys.readouterr().out
    assert "leases differ by at most 1" in said
    assert said.endswith("sound\n")
    assert "NOT" not in said
