from desk import Desk, button, click
from stand_in import NOW, account

from grokdesk.domain.account import AccountState
from grokdesk.pool.breaker import Circuit
from grokdesk.services.accounts import PoolSummary
from grokdesk.services.health import HealthSnapshot
from grokdesk.ui.pages.overview import OverviewPage
from grokdesk.ui.presenters.health import notice_of

WELL = HealthSnapshot()
READY = PoolSummary(total=3, ready=1, exhausted=2)


def opened(desk: Desk) -> OverviewPage:
    return desk.show(OverviewPage(desk.kit), 1000, 900)


async def test_a_silent_grok_com_is_told_with_a_countdown_and_the_reason(desk: Desk) -> None:
    page = opened(desk)
    assert not page.notice.isVisible()
    await desk.stage.silence()
    await desk.until(page.notice.isVisible, timeout=2)
    assert page.notice.words.startswith("grok.com does not answer; next try in 5 s")
    assert page.notice.words.endswith("grok.com is overloaded.")
    desk.services.health.trust_again()
    await desk.until(lambda: not page.notice.isVisible(), timeout=2)


async def test_the_countdown_goes_on_by_itself(desk: Desk) -> None:
    page = opened(desk)
    await desk.stage.silence()
    await desk.until(lambda: "next try in 5 s" in page.notice.words, timeout=2)
    desk.stage.clock.advance(3)
    await desk.until(lambda: "next try in 2 s" in page.notice.words, timeout=3)
    desk.stage.clock.advance(3)
    await desk.until(lambda: "the next request tries it again" in page.notice.words, timeout=3)


async def test_the_notice_leads_to_where_more_can_be_seen(desk: Desk) -> None:
    page = opened(desk)
    wanted: list[str] = []
    page.wants_page.connect(wanted.append)
    await desk.stage.silence()
    await desk.until(page.notice.isVisible, timeout=2)
    click(button(page.notice, "Open connection"))
    assert wanted == ["connection"]


async def test_accounts_that_all_wait_are_told_with_what_for(bare: Desk) -> None:
    await bare.stage.add(account("Old", state=AccountState.EXPIRED))
    page = opened(bare)
    await bare.until(page.notice.isVisible, timeout=2)
    assert page.notice.words == (
        "The account cannot answer. It will not by itself: see what is needed."
    )
    assert button(page.notice, "Open accounts")


async def test_the_demo_has_nothing_to_say_about_grok_com(desk: Desk) -> None:
    page = opened(desk)
    desk.services.gateway.change(demo=True)
    await desk.stage.silence()
    page.refresh()
    assert not page.notice.isVisible()


def test_nothing_is_told_while_somebody_can_answer() -> None:
    assert notice_of(WELL, READY, NOW) is None
    assert notice_of(WELL, PoolSummary(), NOW) is None, "the page itself asks for an import"
    assert notice_of(WELL, PoolSummary(total=1, busy=1), NOW) is None


def test_the_reason_counts_what_the_accounts_wait_for() -> None:
    pool = PoolSummary(total=6, exhausted=3, cooling=2, unusable=1, next_reset_at=NOW + 720)
    notice = notice_of(WELL, pool, NOW)
    assert notice is not None
    assert notice.title == "None of 6 accounts can answer"
    assert notice.reason == (
        "3 without calls until the quota resets, 2 resting after failures, 1 not usable. "
        "The first is back in 12 min."
    )


def test_one_account_is_not_counted() -> None:
    notice = notice_of(WELL, PoolSummary(total=1, cooling=1, next_reset_at=NOW + 40), NOW)
    assert notice is not None
    assert notice.title == "The account cannot answer"
    assert notice.reason == "Resting after failures. It is back in 40 s."


def test_a_half_open_circuit_is_told_as_a_try() -> None:
    trying = HealthSnapshot(Circuit.HALF_OPEN, None, "grok.com is overloaded")
    notice = notice_of(trying, READY, NOW)
    assert notice is not None
    assert notice.title == "grok.com did not answer; one request is trying it again"
    assert notice.reason == "grok.com is overloaded."
