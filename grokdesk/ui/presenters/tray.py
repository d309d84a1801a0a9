"""What the tray says: its icon, tooltip and the lines of its menu."""

from collections.abc import Iterable
from dataclasses import dataclass

from grokdesk.domain.account import AccountState
from grokdesk.domain.quota import CHAT_MODES, Mode, Provenance
from grokdesk.services.accounts import AccountSnapshot, PoolSummary
from grokdesk.services.gateway import GatewaySnapshot, GatewayState
from grokdesk.services.health import HealthSnapshot
from grokdesk.ui import text
from grokdesk.ui.presenters.health import silence_by_the_clock

LONGEST_TOOLTIP = 64

_COUNTED = frozenset({AccountState.READY, AccountState.BUSY, AccountState.EXHAUSTED})


@dataclass(frozen=True, slots=True)
class TrayLines:
    """`icon` is a file name stem in resources/icons/tray."""

    icon: str
    tooltip: str
    status: str
    can_pause: bool
    paused: bool


def tray_lines(
    gateway: GatewaySnapshot,
    pool: PoolSummary,
    health: HealthSnapshot,
    now: float,
    *,
    exposed: bool,
) -> TrayLines:
    """Nothing here counts down: each change of a line is a message on the session bus."""
    readiness = _readiness(gateway, pool)
    trouble, waiting = "", ""
    if gateway.state is GatewayState.RUNNING and not gateway.demo:
        trouble = "" if health.is_well else silence_by_the_clock(health, now)
        waiting = _first_back(pool, now)
    status = _status(gateway, trouble or f"{readiness}{waiting}")
    short = "grok.com does not answer" if trouble else _status(gateway, readiness)
    tooltip = f"Grokdesk: {short[:1].lower()}{short[1:]}"
    if len(tooltip) > LONGEST_TOOLTIP:
        tooltip = f"{tooltip[: LONGEST_TOOLTIP - 1]}…"
    return TrayLines(
        icon=_icon(gateway, pool, health, exposed=exposed),
        tooltip=tooltip,
        status=status,
        can_pause=gateway.state in (GatewayState.RUNNING, GatewayState.PAUSED),
        paused=gateway.state is GatewayState.PAUSED,
    )


def quota_line(accounts: Iterable[AccountSnapshot], now: float) -> str:
    """Calls left over all accounts that can answer, per mode; unknown is not counted as none."""
    left: dict[Mode, int] = {}
    estimated = False
    for account in accounts:
        if account.state not in _COUNTED:
            continue
        for window in account.windows:
            current = window.at(now)
            if current.mode not in CHAT_MODES or current.provenance is Provenance.UNKNOWN:
                continue
            left[current.mode] = left.get(current.mode, 0) + current.remaining
            estimated |= current.provenance is not Provenance.MEASURED
    if not left:
        return "Calls left: not known yet"
    figures = ", ".join(f"{mode} {text.number(left[mode])}" for mode in CHAT_MODES if mode in left)
    return f"Calls left: {'≈' if estimated else ''}{figures}"


def _icon(
    gateway: GatewaySnapshot, pool: PoolSummary, health: HealthSnapshot, *, exposed: bool
) -> str:
    match gateway.state:
        case GatewayState.STARTING | GatewayState.STOPPING:
            return "starting"
        case GatewayState.PAUSED | GatewayState.STOPPED:
            return "paused"
        case GatewayState.FAILED:
            return "attention"
        case GatewayState.RUNNING:
            can_answer = health.is_well and pool.ready + pool.busy > 0
            if not gateway.demo and not can_answer:
                return "attention"
            return "lan" if exposed else "running"


def _status(gateway: GatewaySnapshot, readiness: str) -> str:
    where = f"{gateway.host}:{gateway.port}"
    match gateway.state:
        case GatewayState.RUNNING:
            return f"Running on {where} · {readiness}"
        case GatewayState.PAUSED:
            return f"Paused · {readiness}"
        case GatewayState.FAILED:
            return "Not running: open Grokdesk to see why"
        case GatewayState.STARTING:
            return "Starting"
        case GatewayState.STOPPING:
            return "Stopping"
        case GatewayState.STOPPED:
            return "Stopped"


def _readiness(gateway: GatewaySnapshot, pool: PoolSummary) -> str:
    if gateway.demo:
        return "demo"
    if not pool.total:
        return "no accounts yet"
    return f"{text.number(pool.ready)} of {text.count(pool.total, 'account')} ready"


def _first_back(pool: PoolSummary, now: float) -> str:
    back = pool.next_reset_at
    if pool.ready + pool.busy or back is None or back <= now:
        return ""
    return f", the first at {text.clock_time(back, now)}"
