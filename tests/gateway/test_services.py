"""Accounts, import, keys and settings through the whole core."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from grokdesk.domain.account import AccountState, Tier
from grokdesk.domain.errors import (
    ConflictError,
    GatewayPausedError,
    InvalidRequestError,
    UnauthorizedError,
    VaultLockedError,
)
from grokdesk.domain.events import AccountsChanged, ApiKeysChanged, GatewayChanged, ImportProgress
from grokdesk.domain.quota import Mode
from grokdesk.gateway.listen import PortTakenError
from grokdesk.services.accounts import DEFAULT
from grokdesk.services.gateway import GatewayState
from grokdesk.services.importer import ImportResult
from tests.gateway.live_core import LiveCore, live_core

TOKEN = "an-account-of-the-services-super"


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[LiveCore]:
    async with live_core(tmp_path) as live:
        yield live


@pytest.fixture
async def account_id(live: LiveCore) -> str:
    return (await live.add(TOKEN))[0]


async def test_an_account_can_be_renamed_disabled_and_given_a_tier(
    live: LiveCore, account_id: str
) -> None:
    accounts = live.core.services.accounts
    await accounts.configure(account_id, label="  work  ")
    await accounts.configure(account_id, enabled=False)
    await accounts.configure(account_id, tier=Tier.HEAVY)
    snapshot = accounts.snapshot()[0]
    assert (snapshot.label, snapshot.state) == ("work", AccountState.DISABLED)
    assert (snapshot.tier, snapshot.tier_pinned) == (Tier.HEAVY, True)
    await accounts.probe(account_id)
    assert accounts.snapshot()[0].tier is Tier.HEAVY, "a probe does not undo the user's choice"
    await accounts.configure(account_id, tier=DEFAULT)
    await accounts.probe(account_id)
    assert accounts.snapshot()[0].tier is Tier.SUPER


@pytest.mark.parametrize("label", ["", "   ", "x" * 81, "a\nb"])
async def test_a_label_that_cannot_be_shown_is_refused(
    live: LiveCore, account_id: str, label: str
) -> None:
    with pytest.raises(InvalidRequestError):
        await live.core.services.accounts.configure(account_id, label=label)


async def test_what_is_learned_survives_a_restart(tmp_path: Path) -> None:
    async with live_core(tmp_path, accounts_vault="sealed") as live:
        ids = await live.add(TOKEN, "an-account-of-the-services-401")
        await live.core.services.accounts.probe(ids[0])
        await live.ask()
        with pytest.raises(Exception, match=r"signed out|token"):
            await live.core.services.accounts.probe(ids[1])
        before = live.core.services.accounts.snapshot()
    async with live_core(tmp_path, accounts_vault="sealed") as live:
        after = live.core.services.accounts.snapshot()
    kept = [(a.id, a.label, a.tier, a.state, a.evidence, a.email) for a in after]
    assert kept == [(a.id, a.label, a.tier, a.state, a.evidence, a.email) for a in before]
    windows = {a.id: {w.mode: w.remaining for w in a.windows} for a in after}
    assert windows == {a.id: {w.mode: w.remaining for w in a.windows} for a in before}
    assert windows[ids[0]][Mode.FAST] == 139


async def test_a_removed_account_takes_its_token_along(live: LiveCore, account_id: str) -> None:
    vault = await live.core.vault.opened()
    assert await vault.get(account_id) is not None
    assert await live.core.services.accounts.remove([account_id, "nobody"]) == 1
    assert await vault.get(account_id) is None
    assert live.core.services.accounts.snapshot() == ()
    assert await live.core.services.accounts.remove([account_id]) == 0


async def test_a_token_is_a_duplicate_until_its_account_is_removed(
    live: LiveCore, account_id: str
) -> None:
    importer = live.core.services.importer
    assert len(importer.preview(TOKEN).duplicates) == 1
    await live.core.services.accounts.remove([account_id])
    assert len(importer.preview(TOKEN).new) == 1


async def test_the_same_preview_run_twice_saves_once(live: LiveCore) -> None:
    importer = live.core.services.importer
    preview = importer.preview(TOKEN)
    first = await importer.run(preview, probe=False)
    second = await importer.run(preview, probe=False)
    assert (len(first.saved), len(second.saved), len(second.failed)) == (1, 0, 1)
    assert len(live.core.services.accounts.snapshot()) == 1
    with pytest.raises(ConflictError):
        await live.core.services.accounts.add(
            live.core.pool.view(first.saved[0]).account,
        )


async def test_an_import_tells_its_progress_and_probes(live: LiveCore) -> None:
    told: list[tuple[int, int]] = []
    events: list[ImportProgress] = []
    live.core.services.bus.subscribe(ImportProgress, events.append)
    text = "\n".join(f"import-number-{n}-of-many-basic" for n in range(6))
    importer = live.core.services.importer
    result = await importer.run(
        importer.preview(text), on_progress=lambda done, total: told.append((done, total))
    )
    assert (len(result.saved), result.probed, result.failed) == (6, 6, ())
    assert told == [(n, 6) for n in range(1, 7)]
    assert [event.done for event in events] == list(range(1, 7))
    assert {a.tier for a in live.core.services.accounts.snapshot()} == {Tier.BASIC}


async def test_an_import_says_which_accounts_did_not_pass_the_check(live: LiveCore) -> None:
    importer = live.core.services.importer
    result = await importer.run(importer.preview("a-dead-token-for-the-import-401"))
    assert len(result.saved) == 1
    assert [hint for hint, _ in result.failed] == ["…-401"]
    assert live.states() == {"…-401": "expired"}


async def test_a_cancelled_import_keeps_whole_accounts(live: LiveCore) -> None:
    importer = live.core.services.importer
    text = "\n".join(f"cancelled-import-{n:04d}-basic" for n in range(500))
    task: asyncio.Task[ImportResult] = asyncio.get_running_loop().create_task(
        importer.run(importer.preview(text), probe=False)
    )
    while len(live.core.pool) < 20:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.1)
    snapshots = live.core.services.accounts.snapshot()
    assert 20 <= len(snapshots) < 500
    vault = await live.core.vault.opened()
    assert all([await vault.get(snapshot.id) for snapshot in snapshots])


async def test_a_lost_token_is_given_back_by_importing_it_again(
    live: LiveCore, account_id: str
) -> None:
    vault = await live.core.vault.opened()
    await vault.delete(account_id)
    live.core.tokens._known.clear()
    with pytest.raises(VaultLockedError):
        await live.ask()
    assert live.states() == {"…uper": "sealed"}
    importer = live.core.services.importer
    result = await importer.run(importer.preview(TOKEN), probe=False)
    assert (result.saved, result.restored) == ((), (account_id,))
    assert live.states() == {"…uper": "ready"}
    assert (await live.ask()).attempts == 1


async def test_a_token_that_is_there_is_not_restored(live: LiveCore, account_id: str) -> None:
    importer = live.core.services.importer
    assert (await importer.run(importer.preview(TOKEN), probe=False)).restored == ()


async def test_usage_is_on_disk_before_the_program_ends(tmp_path: Path) -> None:
    async with live_core(tmp_path) as live:
        await live.add(TOKEN)
        task = asyncio.get_running_loop().create_task(live.ask("!stall"))
        while not live.simulator.stats.open_chats:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with live_core(tmp_path) as live:
        assert (await live.core.services.usage.today()).requests == 1


async def test_keys_are_made_checked_and_revoked(live: LiveCore) -> None:
    keys = live.core.services.keys
    changes: list[ApiKeysChanged] = []
    live.core.services.bus.subscribe(ApiKeysChanged, changes.append)
    key, text = await keys.create("laptop")
    assert keys.authenticate(text) == key
    assert keys.fresh == text
    assert text not in repr(key)
    with pytest.raises(InvalidRequestError, match="already"):
        await keys.create("Laptop")
    with pytest.raises(UnauthorizedError, match=r"Incorrect API key provided.*not whole"):
        keys.authenticate(text[:-1])
    with pytest.raises(UnauthorizedError, match=r"Incorrect API key provided.*not known"):
        keys.authenticate("sk-something-else")
    with pytest.raises(UnauthorizedError, match="needed"):
        keys.authenticate("")
    await keys.revoke("laptop")
    with pytest.raises(UnauthorizedError):
        keys.authenticate(text)
    assert keys.fresh is None
    with pytest.raises(InvalidRequestError):
        await keys.revoke("laptop")
    assert len(changes) == 2


async def test_a_lent_key_works_and_is_stored_nowhere(live: LiveCore) -> None:
    text = live.core.services.keys.lend("demo")
    assert live.core.services.keys.authenticate(text).name == "demo"
    assert "demo" not in [key.name for key in live.core.services.keys.list()]


async def test_a_paused_gateway_admits_nothing_new(live: LiveCore) -> None:
    gateway = live.core.services.gateway
    admit = partial(live.core.services.admission.admit, None, "grok-chat-fast")
    seen: list[GatewayState] = []
    live.core.services.bus.subscribe(
        GatewayChanged, lambda _event: seen.append(gateway.snapshot().state)
    )
    with admit():
        gateway.pause()
        assert gateway.snapshot().running_requests == 1
        with (
            pytest.raises(GatewayPausedError),
            admit(),
        ):
            pass
    gateway.resume()
    with admit():
        pass
    assert gateway.snapshot().running_requests == 0
    assert GatewayState.PAUSED in seen


async def test_the_port_moves_without_a_gap_and_stays_when_it_cannot(live: LiveCore) -> None:
    services = live.core.services
    before = services.gateway.snapshot().port
    assert services.gateway.listen is not None
    with pytest.raises(PortTakenError):
        await services.gateway.listen(int(live.simulator.origin.rpartition(":")[2]))
    assert services.gateway.snapshot().port == before
    assert services.gateway.snapshot().state is GatewayState.RUNNING
    await services.gateway.listen(0)
    after = services.gateway.snapshot().port
    assert after != before
    _, writer = await asyncio.open_connection("127.0.0.1", after)
    writer.close()
    await writer.wait_closed()


async def test_a_pool_setting_counts_from_the_next_lease(live: LiveCore, account_id: str) -> None:
    await live.core.services.settings.update({"pool.max_in_flight": 1})
    assert live.core.services.accounts.snapshot()[0].cap == 1
    first = live.core.pool.lease(Mode.FAST, Tier.BASIC)
    assert live.core.services.accounts.summary().busy == 1
    first.settle()
    assert live.core.services.accounts.summary().ready == 1


async def test_accounts_changed_is_told_when_they_come_and_go(live: LiveCore) -> None:
    told: list[AccountsChanged] = []
    live.core.services.bus.subscribe(AccountsChanged, told.append)
    ids = await live.add(TOKEN)
    await live.core.services.accounts.remove(ids)
    assert len(told) == 2
