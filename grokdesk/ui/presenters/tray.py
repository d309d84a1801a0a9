"""What the tray says: its icon, tooltip and the lines of its menu."""

from collections.abc import Iterable
from dataclasses import dataclass

from grokdesk.domain.account import AccountState
from grokdesk.domain.quota import CHAT_MODES, Mode, Provenance
from grokdesk.services.accounts import AccountSnapshot, PoolSummary
from grokdesk.services.gateway import GatewaySnapshot, GatewayState
from grokdesk.ui import text

LONGEST_TOOLTIP = 64


@dataclass(frozen=True, slots=True)
class TrayLines:
    """`icon` is a file name stem in resources/icons/tray."""

    icon: str
    tooltip: str
    status: str
    can_pause: bool
    paused: bool


def tray_lines(gateway: GatewaySnapshot, pool: PoolSummary, *, exposed: bool) -> TrayLines:
    status = _status(gateway, pool)
    tooltip = f"Grokdesk: {status[:1].lower()}{status[1:]}"
    if len(tooltip) > LONGEST_TOOLTIP:
        tooltip = f"{tooltip[: LONGEST_TOOLTIP - 1]}…"
    return TrayLines(
        icon=_icon(gateway, pool, exposed=exposed),
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
        if account.state not in (AccountState.READY, AccountState.EXHAUSTED):
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


def _icon(gateway: GatewaySnapshot, pool: PoolSummary, *, exposed: bool) -> str:
    match gateway.state:
        case GatewayState.STARTING | GatewayState.STOPPING:
            return "starting"
        case GatewayState.PAUSED | GatewayState.STOPPED:
            return "paused"
        case GatewayState.FAILED:
            return "attention"
        case GatewayState.RUNNING:
            if not gateway.demo and pool.ready + pool.busy == 0:
                return "attention"
            return "lan" if exposed else "running"


def _status(gateway: GatewaySnapshot, pool: PoolSummary) -> str:
    where = f"{gateway.host}:{gateway.port}"
    match gateway.state:
        case GatewayState.RUNNING:
            return f"Running on {where} · {_readiness(gateway, pool)}"
        case GatewayState.PAUSED:
            return f"Paused · {_readiness(gateway, pool)}"
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
