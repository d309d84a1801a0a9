"""Why nothing may be answered at the moment: grok.com is silent, or all accounts have to wait."""

from dataclasses import dataclass

from grokdesk.services.accounts import PoolSummary
from grokdesk.services.health import HealthSnapshot
from grokdesk.ui import text


@dataclass(frozen=True, slots=True)
class Notice:
    """`page` is where to look further; empty: nowhere."""

    title: str
    reason: str
    page: str = ""


def notice_of(health: HealthSnapshot, pool: PoolSummary, now: float) -> Notice | None:
    """What keeps requests from being answered; None: nothing does."""
    if not health.is_well:
        return Notice(silence(health, now), text.sentence(health.reason), "connection")
    if pool.total and not pool.ready + pool.busy:
        return _all_wait(pool, now)
    return None


def silence(health: HealthSnapshot, now: float) -> str:
    """Only for a circuit that is not closed."""
    if health.state == "half_open":
        return "grok.com did not answer; one request is trying it again"
    if health.until is None or health.until <= now:
        return "grok.com does not answer; the next request tries it again"
    return f"grok.com does not answer; next try {text.until(health.until - now)}"


def silence_by_the_clock(health: HealthSnapshot, now: float) -> str:
    """The same for a place that does not count down."""
    if health.state == "half_open" or health.until is None or health.until <= now:
        return "grok.com does not answer; the next request tries it"
    return f"grok.com does not answer; next try at {text.clock_time(health.until, now)}"


def _all_wait(pool: PoolSummary, now: float) -> Notice:
    alone = pool.total == 1
    title = (
        "The account cannot answer"
        if alone
        else f"None of {text.number(pool.total)} accounts can answer"
    )
    if not pool.cooling + pool.exhausted:
        who = "It will not" if alone else "None of them will"
        return Notice(title, f"{who} by itself: see what is needed.", "accounts")
    parts = (
        (pool.exhausted, "without calls until the quota resets"),
        (pool.cooling, "resting after failures"),
        (pool.unusable, "not usable"),
    )
    waits = [words if alone else f"{text.number(n)} {words}" for n, words in parts if n]
    reason = ", ".join(waits)
    back = ""
    if pool.next_reset_at is not None and pool.next_reset_at > now:
        who = "It" if alone else "The first"
        back = f" {who} is back {text.until(pool.next_reset_at - now)}."
    return Notice(title, f"{reason[0].upper()}{reason[1:]}.{back}", "accounts")
