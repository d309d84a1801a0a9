from desk import Desk

from grokdesk.domain.events import (
    AccountChanged,
    AccountsChanged,
    GatewayChanged,
    RequestFinished,
    SettingsChanged,
)
from grokdesk.kernel.bus import EventBus
from grokdesk.ui.bridge import EventBridge


async def test_a_thousand_changes_of_two_accounts_are_one_signal_with_two_ids(bare: Desk) -> None:
    bus = EventBus()
    bridge = EventBridge(bus)
    seen: list[frozenset[str]] = []
    bridge.accounts_changed.connect(seen.append)
    for _ in range(500):
        bus.publish(AccountChanged("a"))
        bus.publish(AccountChanged("b"))
    assert seen == []
    await bare.until(lambda: seen)
    assert seen == [frozenset({"a", "b"})]


async def test_a_steady_stream_of_events_gives_at_most_ten_signals_a_second(bare: Desk) -> None:
    import asyncio

    bus = EventBus()
    bridge = EventBridge(bus)
    seen: list[None] = []
    bridge.gateway_changed.connect(lambda: seen.append(None))
    loop = asyncio.get_running_loop()
    until = loop.time() + 0.6
    while loop.time() < until:
        bus.publish(GatewayChanged())
        await asyncio.sleep(0.002)
    assert 2 <= len(seen) <= 7


async def test_no_finished_request_is_lost(bare: Desk) -> None:
    from stand_in import usage_row

    bus = EventBus()
    bridge = EventBridge(bus)
    seen: list[str] = []
    bridge.requests_finished.connect(lambda rows: seen.extend(row.request_id for row in rows))
    for number in range(30):
        bus.publish(RequestFinished(usage_row(number)))
    await bare.until(lambda: len(seen) == 30)
    assert seen[0] == "req-0000"


async def test_the_keys_of_several_settings_changes_are_joined(bare: Desk) -> None:
    bus = EventBus()
    bridge = EventBridge(bus)
    seen: list[frozenset[str]] = []
    bridge.settings_changed.connect(seen.append)
    bus.publish(SettingsChanged(frozenset({"ui.theme"})))
    bus.publish(SettingsChanged(frozenset({"gateway.port"})))
    await bare.until(lambda: seen)
    assert seen == [frozenset({"ui.theme", "gateway.port"})]


async def test_a_closed_bridge_is_silent(bare: Desk) -> None:
    import asyncio

    bus = EventBus()
    bridge = EventBridge(bus)
    seen: list[None] = []
    bridge.account_list_changed.connect(lambda: seen.append(None))
    bus.publish(AccountsChanged())
    bridge.close()
    bus.publish(AccountsChanged())
    await asyncio.sleep(0.15)
    assert seen == []
