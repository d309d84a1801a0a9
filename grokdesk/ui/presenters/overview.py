"""The figures and sentences of the overview, without widgets."""

from dataclasses import dataclass

from grokdesk.domain.usage import UsageSummary
from grokdesk.services.accounts import PoolSummary
from grokdesk.services.gateway import GatewaySnapshot, GatewayState
from grokdesk.ui import text

GATEWAY_TITLES = {
    GatewayState.STARTING: "Gateway is starting",
    GatewayState.RUNNING: "Gateway is running",
    GatewayState.PAUSED: "Gateway is paused",
    GatewayState.STOPPING: "Gateway is stopping",
    GatewayState.STOPPED: "Gateway is stopped",
    GatewayState.FAILED: "Gateway could not start",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the overview: what it is, its value and a remark."""

    caption: str
    value: str
    remark: str


def gateway_sentence(gateway: GatewaySnapshot, pool: PoolSummary) -> str:
    match gateway.state:
        case GatewayState.RUNNING:
            return f"{_running(gateway)} {_readiness(gateway, pool)}"
        case GatewayState.PAUSED:
            return f"New requests are refused until you resume. {_running(gateway)}"
        case GatewayState.FAILED:
            return text.one_line(gateway.error, 300) or "The log has the details."
        case GatewayState.STARTING:
            return "One moment, please."
        case GatewayState.STOPPING:
            return "Running requests may end, new ones are refused."
        case GatewayState.STOPPED:
            return "Programs cannot connect."


def accounts_figure(pool: PoolSummary, now: float) -> Figure:
    value = f"{text.number(pool.ready)} of {text.number(pool.total)}" if pool.total else "0"
    return Figure("Accounts ready", value, breakdown(pool) or _next_reset(pool, now))


def requests_figure(usage: UsageSummary) -> Figure:
    if not usage.requests:
        return Figure("Requests today", "0", "None since midnight")
    remark = "None failed"
    if usage.failed:
        share = text.percent(usage.failed, usage.requests)
        remark = f"{text.number(usage.failed)} failed ({share})"
    return Figure("Requests today", text.number(usage.requests), remark)


def latency_figure(usage: UsageSummary) -> Figure:
    median = usage.median_first_chunk_s
    if median is None:
        return Figure("First token", "—", "Median of today's answers")
    return Figure("First token", text.latency(median), "Median of today's answers")


def tokens_figure(usage: UsageSummary) -> Figure:
    total = usage.prompt_tokens + usage.completion_tokens
    if not total:
        return Figure("Tokens today", "0", "In and out, estimated")
    sent, received = map(text.short_number, (usage.prompt_tokens, usage.completion_tokens))
    return Figure("Tokens today", f"≈{text.short_number(total)}", f"{sent} in, {received} out")


def breakdown(pool: PoolSummary) -> str:
    """What the accounts that are not ready do; empty when all are ready."""
    parts = (
        (pool.busy, "busy"),
        (pool.cooling, "cooling down"),
        (pool.exhausted, "used up"),
        (pool.unusable, "not usable"),
    )
    return ", ".join(f"{text.number(value)} {word}" for value, word in parts if value)


def _running(gateway: GatewaySnapshot) -> str:
    if not gateway.running_requests:
        return "No request is running."
    verb = "is" if gateway.running_requests == 1 else "are"
    return f"{text.count(gateway.running_requests, 'request')} {verb} running."


def _readiness(gateway: GatewaySnapshot, pool: PoolSummary) -> str:
    if gateway.demo:
        return "Answers are made up by the built-in demo."
    if pool.total == 0:
        return "Import accounts so that it can answer."
    if pool.ready + pool.busy == 0:
        return "No account can answer right now."
    if pool.ready == 0:
        return "All accounts are busy; new requests wait until one is free."
    return ""


def _next_reset(pool: PoolSummary, now: float) -> str:
    if pool.next_reset_at is not None and pool.next_reset_at > now:
        return f"Next reset {text.until(pool.next_reset_at - now)}"
    return "All can answer" if pool.total else "None imported yet"
