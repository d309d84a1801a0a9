import pytest
from desk import Desk
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from stand_in import ICONS, NOW, windows

from grokdesk.domain.account import Tier
from grokdesk.domain.quota import Provenance
from grokdesk.pool.breaker import Circuit
from grokdesk.services.accounts import PoolSummary
from grokdesk.services.gateway import GatewaySnapshot, GatewayState
from grokdesk.services.health import HealthSnapshot
from grokdesk.ui.presenters.tray import LONGEST_TOOLTIP, quota_line, tray_lines
from grokdesk.ui.tray import Tray, tray_icon

RUNNING = GatewaySnapshot(state=GatewayState.RUNNING, port=18787)
POOL = PoolSummary(total=5, ready=3, cooling=2)
WELL = HealthSnapshot()
SILENT = HealthSnapshot(Circuit.OPEN, NOW + 12, "grok.com is overloaded.")


def test_the_status_line_says_where_and_how_many() -> None:
    lines = tray_lines(RUNNING, POOL, WELL, NOW, exposed=False)
    assert lines.status == "Running on 127.0.0.1:18787 · 3 of 5 accounts ready"
    assert lines.tooltip == "Grokdesk: running on 127.0.0.1:18787 · 3 of 5 accounts ready"
    assert lines.can_pause
    assert not lines.paused


@pytest.mark.parametrize(
    ("gateway", "pool", "exposed", "icon"),
    [
        (RUNNING, POOL, False, "running"),
        (RUNNING, POOL, True, "lan"),
        (RUNNING, PoolSummary(total=2, exhausted=2), False, "attention"),
        (RUNNING, PoolSummary(), False, "attention"),
        (GatewaySnapshot(state=GatewayState.RUNNING, demo=True), PoolSummary(), False, "running"),
        (GatewaySnapshot(state=GatewayState.STARTING), POOL, False, "starting"),
        (GatewaySnapshot(state=GatewayState.STOPPING), POOL, False, "starting"),
        (GatewaySnapshot(state=GatewayState.PAUSED), POOL, False, "paused"),
        (GatewaySnapshot(state=GatewayState.STOPPED), POOL, False, "paused"),
        (GatewaySnapshot(state=GatewayState.FAILED), POOL, False, "attention"),
    ],
)
def test_the_icon_tells_the_state(
    gateway: GatewaySnapshot, pool: PoolSummary, exposed: bool, icon: str
) -> None:
    assert tray_lines(gateway, pool, WELL, NOW, exposed=exposed).icon == icon


@pytest.mark.parametrize("state", list(GatewayState))
@pytest.mark.parametrize("health", [WELL, SILENT])
def test_tooltips_stay_within_the_limit(state: GatewayState, health: HealthSnapshot) -> None:
    long = GatewaySnapshot(state=state, host="2001:db8:85a3:1234:5678:8a2e:370:7334", port=65535)
    pool = PoolSummary(total=100_000, ready=99_999)
    assert len(tray_lines(long, pool, health, NOW, exposed=True).tooltip) <= LONGEST_TOOLTIP


def test_a_silent_grok_com_is_told_with_the_time_of_the_next_try() -> None:
    lines = tray_lines(RUNNING, POOL, SILENT, NOW, exposed=False)
    start = "Running on 127.0.0.1:18787 · grok.com does not answer; next try at "
    assert lines.status.startswith(start)
    assert lines.status.count(":") == 3, "with seconds, as it is near"
    assert lines.tooltip == "Grokdesk: grok.com does not answer"
    assert lines.icon == "attention"
    later = tray_lines(RUNNING, POOL, SILENT, NOW + 5, exposed=False)
    assert later == lines, "no message on the bus for each second"


def test_a_paused_or_demo_gateway_does_not_tell_of_grok_com() -> None:
    paused = GatewaySnapshot(state=GatewayState.PAUSED)
    demo = GatewaySnapshot(state=GatewayState.RUNNING, demo=True)
    for gateway in (paused, demo):
        lines = tray_lines(gateway, POOL, SILENT, NOW, exposed=False)
        assert "grok.com" not in lines.status
    assert tray_lines(demo, POOL, SILENT, NOW, exposed=False).icon == "running"


def test_when_all_accounts_wait_the_first_one_is_announced() -> None:
    tired = PoolSummary(total=2, exhausted=2, next_reset_at=NOW + 3600)
    lines = tray_lines(RUNNING, tired, WELL, NOW, exposed=False)
    assert "0 of 2 accounts ready, the first at " in lines.status
    assert lines.tooltip == "Grokdesk: running on 127.0.0.1:18787 · 0 of 2 accounts ready"


async def test_the_tray_hears_when_grok_com_falls_silent(desk: Desk) -> None:
    tray = Tray(desk.kit, ICONS)
    tray.refresh()
    await desk.stage.silence()
    await desk.until(lambda: "grok.com does not answer" in tray._status.text(), timeout=2)
    desk.services.health.trust_again()
    await desk.until(lambda: "accounts ready" in tray._status.text(), timeout=2)
    tray.close()


async def test_the_quota_line_sums_up_what_can_answer(desk: Desk) -> None:
    line = quota_line(desk.services.accounts.snapshot(), NOW)
    assert line == "Calls left: ≈fast 196, auto 91, expert 61, heavy 18"


async def test_unknown_quota_is_not_told_as_none(bare: Desk) -> None:
    from stand_in import account

    unknown = windows(Tier.BASIC, left=0.0, provenance=Provenance.UNKNOWN)
    await bare.stage.add(account("a"), *unknown)
    assert quota_line(bare.services.accounts.snapshot(), NOW) == "Calls left: not known yet"


def menu_texts(tray: Tray) -> list[str]:
    return [action.text() for action in tray._menu.actions() if not action.isSeparator()]


async def test_the_menu_has_its_entries_in_order(desk: Desk) -> None:
    tray = Tray(desk.kit, ICONS)
    tray.refresh()
    assert menu_texts(tray) == [
        "Open Grokdesk",
        "Running on 127.0.0.1:18787 · 4 of 11 accounts ready",
        "Calls left: ≈fast 196, auto 91, expert 61, heavy 18",
        "Copy API address",
        "Copy API key…",
        "Pause gateway",
        "Settings…",
        "Quit Grokdesk",
    ]
    assert tray._menu.actions()[0].font().bold()
    assert not tray._status.isEnabled()
    assert not tray._quota.isEnabled()
    tray.close()


async def test_the_menu_is_true_within_two_seconds_of_a_change(desk: Desk) -> None:
    tray = Tray(desk.kit, ICONS)
    tray.show()
    desk.services.gateway.pause()
    await desk.until(lambda: "Resume gateway" in menu_texts(tray), timeout=2)
    assert tray._status.text() == "Paused · 4 of 11 accounts ready"
    await desk.services.accounts.configure("id-Work", enabled=False)
    await desk.until(lambda: "3 of 11" in tray._status.text(), timeout=2)
    tray.close()


async def test_pausing_from_the_menu_acts_on_the_gateway(desk: Desk) -> None:
    tray = Tray(desk.kit, ICONS)
    tray.refresh()
    tray._pause.trigger()
    assert desk.services.gateway.snapshot().state is GatewayState.PAUSED
    tray._pause.trigger()
    assert desk.services.gateway.snapshot().state is GatewayState.RUNNING
    tray.close()


@pytest.mark.parametrize("dark_panel", [True, False])
@pytest.mark.parametrize("size", [16, 22, 32])
def test_the_five_icons_differ_in_shape(qapp: QApplication, dark_panel: bool, size: int) -> None:
    shapes = {}
    for state in ("running", "starting", "paused", "attention", "lan"):
        icon = tray_icon(ICONS / "tray", state, dark_panel=dark_panel)
        shapes[state] = _mask(icon.pixmap(QSize(size, size)).toImage())
        assert any(shapes[state]), state
    assert len(set(shapes.values())) == 5


def _mask(image: QImage) -> tuple[bool, ...]:
    """Where there is ink, whatever its colour."""
    return tuple(
        image.pixelColor(x, y).alpha() > 96
        for y in range(image.height())
        for x in range(image.width())
    )
