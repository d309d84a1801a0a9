"""The loop is shared with the gateway: no turn of the windows may hold it up.

The best of several runs counts, since the machine is not ours alone.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle

import pytest
from desk import Desk
from PySide6.QtCore import Qt
from stand_in import NOW, playing, windows
from test_accounts_model import snapshot

from grokdesk.domain.account import AccountState, Tier
from grokdesk.domain.chat import TextDelta
from grokdesk.ui.models.accounts import AccountsModel, Column
from grokdesk.ui.presenters.account_row import AccountRow, build_row
from grokdesk.ui.widgets.account_table import AccountTable
from grokdesk.ui.widgets.prose_view import ProseView

pytestmark = pytest.mark.alone

SLICE_MS = 8.0
FRAME_MS = 16.0
"""Painting is drawn in software here: 7 to 12 ms, as the machine's memory is at the moment."""
MANY = 10_000


def best_ms(work: Callable[[], object], *, enough: float = SLICE_MS, rounds: int = 40) -> float:
    """Milliseconds of the best run; no more runs than it takes to be good enough."""
    best = float("inf")
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        best = min(best, (time.perf_counter() - begun) * 1000)
        if best < enough:
            break
    return best


def many_rows() -> list[AccountRow]:
    states = list(AccountState)
    return [
        build_row(
            snapshot(
                f"Account {(number * 7919) % MANY:05}",
                tier=Tier(number % 3 + 1),
                state=states[number % len(states)],
                windows=windows(Tier.HEAVY, left=(number % 10) / 10, resets_in=number),
                last_used_at=NOW - number,
            )
        )
        for number in range(MANY)
    ]


async def test_sorting_and_filtering_ten_thousand_accounts_stays_within_a_slice(bare: Desk) -> None:
    model = AccountsModel(bare.services.clock)
    table = AccountTable(model, bare.kit.theme, bare.services.clock, bare.kit.clipboard)
    bare.show(table, 1000, 700)
    model.install(many_rows())
    bare.app.processEvents()
    orders = [Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder]
    for column in (Column.LABEL, Column.FAST, Column.LAST_USED):
        flip = cycle(orders)
        took = best_ms(lambda: model.sort(column, next(flip)))  # noqa: B023
        assert took < SLICE_MS, f"sorting by {column.name} took {took:.1f} ms"
    needles = cycle(["account 0", "ready", "", "heavy", "9f", "", "999", "super", "x"])
    assert best_ms(lambda: model.set_filter(next(needles))) < SLICE_MS
    model.set_filter("")
    assert best_ms(lambda: table.viewport().repaint(), enough=FRAME_MS) < FRAME_MS


async def test_a_live_refresh_of_a_few_among_ten_thousand_stays_within_a_slice(bare: Desk) -> None:
    model = AccountsModel(bare.services.clock)
    rows = many_rows()
    model.install(rows)
    numbers = iter(range(100))

    def refresh() -> None:
        number = next(numbers)
        changed = replace(rows[number].account, in_flight=number + 1)
        rows[number] = build_row(changed)
        model.install(rows)

    assert best_ms(refresh) < SLICE_MS


async def test_the_growing_block_of_a_long_answer_is_cheap_to_render(bare: Desk) -> None:
    view = bare.show(ProseView(bare.kit.theme))
    for number in range(60):
        view.add_final(f"Paragraph {number} with **bold** and `code` and some more words.\n\n")
    words = iter(f"The growing block, version {n}, with *emphasis* and `code`." for n in range(100))
    assert best_ms(lambda: view.show_tail(next(words)), enough=3.0) < 3.0


async def test_a_million_characters_render_without_a_long_gap(bare: Desk) -> None:
    """Far from the slice of normal operation, but never a frozen window."""
    import asyncio

    from grokdesk.ui.pages.playground import PlaygroundPage

    page = bare.show(PlaygroundPage(bare.kit))
    block = "Some **words** of an answer that goes on and on, with `code` in it.\n\n" * 12
    answer = (block + "```python\n" + "x = 1\n" * 20 + "```\n\n- one\n- two\n\n") * 250
    from stand_in import account

    await bare.stage.add(account("Only"))
    pieces = [TextDelta(answer[at : at + 4_000]) for at in range(0, 1_000_000, 4_000)]
    bare.stage.upstream.script = playing(*pieces)
    gaps: list[float] = []
    done = asyncio.Event()

    async def watch() -> None:
        last = time.perf_counter()
        while not done.is_set():
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    watcher = bare.services.tasks.spawn(watch(), name="watch")
    page.send("Go")
    await bare.until(lambda: page.answer and page.answer._foot.isVisible(), timeout=50)
    done.set()
    await watcher
    gaps.sort()
    assert gaps[int(len(gaps) * 0.99)] < 0.1
