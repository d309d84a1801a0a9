"""Pictures of every page, empty state and dialog: `python tests/ui/screenshots.py OUTDIR`.

Light and dark, 1180x760 and 960x620; a name as a further argument draws only what contains it.
"""

# ruff: noqa: E402

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

if "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

import stand_in
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QDialog, QScrollArea, QWidget

from grokdesk.app import qtloop
from grokdesk.domain.account import Tier
from grokdesk.domain.chat import Citation, ReasoningDelta, TextDelta
from grokdesk.domain.errors import ChallengedError, NoAccountError
from grokdesk.domain.events import RequestFinished
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow
from grokdesk.domain.usage import TokenCount
from grokdesk.services.egress import EgressCheck, Reachability
from grokdesk.services.gateway import GatewayState
from grokdesk.ui.application import DesktopUi
from grokdesk.ui.dialogs.key_edit import KeyDialog
from grokdesk.ui.dialogs.preferences import PreferencesDialog
from grokdesk.ui.pages.accounts import AccountsPage
from grokdesk.ui.pages.connection import ConnectionPage
from grokdesk.ui.pages.keys import KeysPage
from grokdesk.ui.pages.overview import OverviewPage
from grokdesk.ui.pages.playground import PlaygroundPage
from grokdesk.ui.shell import MainWindow

LARGE, SMALL = QSize(1180, 760), QSize(960, 620)

ANSWER = Path(__file__).with_name("answer.md").read_text()
PASTED = """sso=eyJhbGciOiJIUzI1NiJ9.first-token-abcdefgh; sso-rw=eyJhbGciOiJIUzI1NiJ9.first
token-number-two-0123456789
token-number-two-0123456789
too short
token-number-three-9876543210
"""

Scene = Callable[[DesktopUi, stand_in.Stage], Awaitable[QWidget]]


async def overview(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    for number in range(24, 0, -1):
        first = 0.36 + 0.05 * ((number * 7) % 6)
        who = "id-Studio" if number % 3 else "id-Work"
        row = replace(stand_in.usage_row(number), first_chunk_s=first, account_id=who)
        outcome = "RateLimitedError" if number == 2 else "ok"
        stage.services.bus.publish(RequestFinished(replace(row, outcome=outcome)))
    return await page(ui, "overview")


async def overview_with_new_key(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    shown = ui.window.page("overview")
    assert isinstance(shown, OverviewPage)
    shown._create_key("Cherry Studio")
    return await page(ui, "overview")


async def overview_paused(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    stage.services.gateway.pause()
    shown = ui.window.page("overview")
    assert isinstance(shown, OverviewPage)
    shown.connect_card.tabs.choose(4)
    return await page(ui, "overview")


async def accounts(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    await add_paid(stage)
    shown = await accounts_page(ui)
    select(shown, "Old phone")
    return ui.window


async def accounts_unfolded(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    shown = await accounts_page(ui)
    select(shown, "Lab 03")
    shown.details.evidence.unfold.click()
    return ui.window


async def accounts_paid(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    await add_paid(stage)
    shown = await accounts_page(ui)
    select(shown, "Agency")
    return ui.window


async def preferences(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    shown = await accounts_page(ui)
    select(shown, "Work")
    shown.account_actions.preferences.trigger()
    await asyncio.sleep(0.2)
    asked = dialog_of(ui.window)
    assert isinstance(asked, PreferencesDialog)
    asked._priority.setText("ten")
    asked.save()
    await asyncio.sleep(0.1)
    return asked


async def preferences_of_several(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    await stage.services.accounts.configure("id-Work", priority=5)
    shown = await accounts_page(ui)
    shown.table.selectAll()
    shown.account_actions.preferences.trigger()
    await asyncio.sleep(0.2)
    return dialog_of(ui.window)


async def overview_silent(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    await stage.silence()
    return await page(ui, "overview")


async def overview_all_wait(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    for account in stage.services.accounts.snapshot():
        if account.state in ("ready", "busy"):
            await stage.services.accounts.configure(account.id, enabled=False)
    return await page(ui, "overview")


async def connection(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    return await page(ui, "connection")


async def connection_challenged(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    await stage.services.settings.update({"upstream.clearance": "manual"})
    window = await page(ui, "connection")
    shown = window.page("connection")
    assert isinstance(shown, ConnectionPage)
    error = ChallengedError(
        "Cloudflare, which guards grok.com, wants to check the browser. Try another network, or "
        "paste the cookie cf_clearance and the User-Agent of a browser in which grok.com works.",
        status=403,
    )
    shown._tested(EgressCheck(Reachability.CHALLENGED, str(error), "", error))
    shown.cookie._save()
    await asyncio.sleep(0.1)
    return window


async def connection_solver(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    patch = {"upstream.clearance": "flaresolverr", "upstream.proxy_url": "socks5h://127.0.0.1:1080"}
    await stage.services.settings.update(patch)
    window = await page(ui, "connection")
    shown = window.page("connection")
    assert isinstance(shown, ConnectionPage)
    check = EgressCheck(Reachability.REACHABLE, "grok.com can be reached directly.", "")
    shown._tested(check)
    shown.proxy.address.setText("my proxy")
    shown.proxy._entered()
    return window


async def connection_signature(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    await stage.services.settings.update({"upstream.statsig": "pasted"})
    window = await page(ui, "connection")
    area = window.page("connection").findChildren(QScrollArea)[0]
    area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())
    return window


async def accounts_filtered(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    shown = await accounts_page(ui)
    shown.filter.setText("no such account")
    await asyncio.sleep(0.3)
    return ui.window


async def keys(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    await add_keys(stage)
    shown = await keys_page(ui)
    shown.table.select_key(stage.services.keys.find("Cherry Studio").id)
    return ui.window


async def keys_many(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    await add_keys(stage)
    for number in range(1, 25):
        await stage.services.keys.create(f"Student {number:02}", requests_per_day=50 * number)
    await keys_page(ui)
    return ui.window


async def keys_ended(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    await add_keys(stage)
    shown = await keys_page(ui)
    shown.table.select_key(stage.services.keys.find("Workshop").id)
    return ui.window


async def keys_filtered(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    await add_keys(stage)
    shown = await keys_page(ui)
    shown.filter.setText("nothing like it")
    await asyncio.sleep(0.3)
    return ui.window


async def key_new(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    shown = await keys_page(ui)
    shown.new_key()
    await asyncio.sleep(0.2)
    return dialog_of(ui.window)


async def key_refused(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    await add_keys(stage)
    shown = await keys_page(ui)
    shown.table.select_key(stage.services.keys.find("Cherry Studio").id)
    shown.key_actions.edit.trigger()
    await asyncio.sleep(0.2)
    asked = dialog_of(ui.window)
    assert isinstance(asked, KeyDialog)
    asked.models.edit.setText("grok-chat-*, grok-9")
    asked.aliases.setPlainText("gpt-*=grok-9")
    asked.expires.choose("date")
    asked.limits["requests_per_minute"].setText("many")
    asked.save()
    await asyncio.sleep(0.2)
    return asked


async def key_made(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    shown = await keys_page(ui)
    key, _ = await stage.services.keys.create("Cherry Studio")
    shown._made(key, "gd-9mVt3kQx7ZpLr2WcYb8NfHs5Jd1GuAe4To6KiRv0XyM3f8c21")
    await asyncio.sleep(0.2)
    return dialog_of(ui.window)


async def key_left(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    stage.services.gateway.pause()
    made = await key_made(ui, stage)
    assert isinstance(made, QDialog)
    made.reject()
    await asyncio.sleep(0.2)
    return made


async def key_revoke(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    await add_keys(stage)
    shown = await keys_page(ui)
    shown.table.select_key(stage.services.keys.find("Cherry Studio").id)
    shown.key_actions.revoke.trigger()
    await asyncio.sleep(0.2)
    return dialog_of(ui.window)


async def first_keys(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    return await page(ui, "keys")


async def playground_empty(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    return await page(ui, "playground")


async def playground(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    shown = await playground_page(ui)
    pieces = [TextDelta(ANSWER[at : at + 40]) for at in range(0, len(ANSWER), 40)]
    source = Citation(1, "https://docs.python.org/3/library/heapq.html", "heapq")
    thought = ReasoningDelta("The user wants three ways, with code. ")
    stage.upstream.script = stand_in.playing(thought, *pieces, source, pause=0.001)
    shown.send("Compare three ways to sort a list in Python, with code")
    await asyncio.sleep(0.1)
    stage.clock.advance(2.4)
    while shown.busy:
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
    shown.transcript.verticalScrollBar().setValue(0)
    return ui.window


async def playground_end(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    window = await playground(ui, stage)
    (await playground_page(ui)).transcript.follow()
    return window


async def playground_error(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    shown = await playground_page(ui)

    async def refuse(*_: object) -> None:
        raise NoAccountError(
            "All Grok accounts that could serve this are busy or used up.",
            retry_at=stand_in.NOW + 720,
        )

    stage.upstream.script = refuse
    shown.send("Hello")
    await asyncio.sleep(0.3)
    return ui.window


async def settings(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    return await page(ui, "settings")


async def import_empty(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    await page(ui, "accounts")
    ui.window.import_accounts()
    await asyncio.sleep(0.3)
    return dialog_of(ui.window)


async def import_preview(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    dialog = await import_empty(ui, stage)
    dialog.drop.edit.setPlainText(PASTED)  # type: ignore[attr-defined]
    await asyncio.sleep(0.5)
    return dialog


async def remove_dialog(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    shown = await accounts_page(ui)
    shown.table.selectAll()
    shown.account_actions.remove.trigger()
    await asyncio.sleep(0.2)
    return dialog_of(ui.window)


async def quit_dialog(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    stage.services.gateway.count(2)
    ui.quit()
    await asyncio.sleep(0.2)
    return dialog_of(ui.window)


async def first_run(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    stage.services.gateway.change(demo=True)
    ui.window.terms.show()
    return await page(ui, "overview")


async def first_accounts(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    return await page(ui, "accounts")


async def port_taken(ui: DesktopUi, stage: stand_in.Stage) -> QWidget:
    stage.services.gateway.change(
        state=GatewayState.FAILED,
        error="Port 18787 is used by another program (python3, process 4711).",
        free_port=18788,
    )
    return await page(ui, "overview")


FULL: tuple[Scene, ...] = (
    overview,
    overview_with_new_key,
    overview_paused,
    overview_silent,
    overview_all_wait,
    accounts,
    accounts_unfolded,
    accounts_paid,
    preferences,
    preferences_of_several,
    accounts_filtered,
    keys,
    keys_many,
    keys_ended,
    keys_filtered,
    key_new,
    key_refused,
    key_made,
    key_left,
    key_revoke,
    connection,
    connection_challenged,
    connection_solver,
    connection_signature,
    playground_empty,
    playground,
    playground_end,
    playground_error,
    settings,
    import_empty,
    import_preview,
    remove_dialog,
    quit_dialog,
    port_taken,
)
EMPTY: tuple[Scene, ...] = (first_run, first_accounts, first_keys)


async def add_paid(stage: stand_in.Stage) -> None:
    """An account with weekly credits and media, and one whose figures are old."""
    now, day = stand_in.NOW, 24 * stand_in.HOUR

    def window(mode: Mode, total: int, left: int, age: float, resets_in: float) -> QuotaWindow:
        known = Provenance.MEASURED
        return QuotaWindow(mode, total, left, 7 * day, now + resets_in, known, now - age)

    await stage.add(
        stand_in.account("Agency", Tier.HEAVY, priority=5, note="Invoice goes to Maria"),
        window(Mode.WEEKLY, 10_000, 5_750, 120, 3 * day),
        window(Mode.IMAGE_PRO, 40, 31, 120, day),
        window(Mode.VIDEO, 12, 4, 9_000, day),
    )
    await stage.add(
        stand_in.account("Attic", Tier.SUPER),
        window(Mode.FAST, 120, 96, 3 * stand_in.HOUR, day),
        window(Mode.AUTO, 60, 12, 3 * stand_in.HOUR, day),
        window(Mode.EXPERT, 40, 40, 3 * stand_in.HOUR, day),
    )


async def add_keys(stage: stand_in.Stage) -> None:
    """A key of each kind and state, and what they were used for."""
    day, keys = 24 * stand_in.HOUR, stage.services.keys
    studio, _ = await keys.create(
        "Cherry Studio",
        models="grok-chat-*",
        requests_per_minute=60,
        requests_per_day=1_000,
        max_concurrent=4,
        aliases="gpt-4o=grok-chat-fast, claude-*=grok-chat-expert",
    )
    webui, _ = await keys.create("Open WebUI", reasoning_format="think")
    await keys.create("n8n", models="grok-chat-fast, grok-chat-auto, grok-9", max_concurrent=1)
    await keys.create("Guest of Maria", expires_at=stand_in.NOW + 2.4 * day, requests_per_day=200)
    await keys.create("Year of lectures", expires_at=stand_in.NOW + 240 * day)
    await keys.create("Workshop", expires_at=stand_in.NOW + 60, requests_per_day=500)
    await keys.create("A key with quite a long name that somebody typed", enabled=False)
    stage.clock.advance(3 * stand_in.HOUR)
    for number in range(60):
        owner, size = (studio, 40) if number % 3 else (webui, 900)
        tokens = TokenCount(prompt=size * number, completion=610)
        plain = replace(stand_in.usage_row(number), request_id=f"req-k{number}", tokens=tokens)
        stage.usage.record(replace(plain, key_id=owner.id))


def select(shown: AccountsPage, label: str) -> None:
    place = next(i for i, row in enumerate(shown.model.shown) if row.account.label == label)
    shown.table.selectRow(place)


async def page(ui: DesktopUi, page_id: str) -> MainWindow:
    ui.window.open_page(page_id)
    await asyncio.sleep(0.4)
    return ui.window


async def accounts_page(ui: DesktopUi) -> AccountsPage:
    await page(ui, "accounts")
    shown = ui.window.page("accounts")
    assert isinstance(shown, AccountsPage)
    return shown


async def keys_page(ui: DesktopUi) -> KeysPage:
    await page(ui, "keys")
    shown = ui.window.page("keys")
    assert isinstance(shown, KeysPage)
    return shown


async def playground_page(ui: DesktopUi) -> PlaygroundPage:
    await page(ui, "playground")
    shown = ui.window.page("playground")
    assert isinstance(shown, PlaygroundPage)
    return shown


def dialog_of(window: QWidget) -> QDialog:
    return window.findChildren(QDialog)[-1]


async def draw(app: QApplication, scene: Scene, theme: str, size: QSize, out: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stage_of = stand_in.bare_stage if scene in EMPTY else stand_in.full_stage
        async with stage_of(Path(folder)) as stage:
            await stage.services.settings.update({"ui.theme": theme})
            async with desktop(app, stage, Path(folder)) as ui:
                ui.window.resize(size)
                widget = await scene(ui, stage)
                await asyncio.sleep(0.1)
                name = f"{scene.__name__}-{theme}-{size.width()}.png"
                widget.grab().save(str(out / name))


@contextlib.asynccontextmanager
async def desktop(
    app: QApplication, stage: stand_in.Stage, folder: Path
) -> AsyncIterator[DesktopUi]:
    ui = DesktopUi(
        app,
        stage.services,
        state_file=folder / "window.json",
        icon_dir=stand_in.ICONS,
        quit_requested=lambda: None,
    )
    ui.start(minimized=False)
    ui.window.terms.acknowledged.emit()
    try:
        yield ui
    finally:
        ui.shutdown()


async def main(app: QApplication, out: Path, wanted: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for scene in (*FULL, *EMPTY):
        if wanted in scene.__name__:
            for theme in ("dark", "light"):
                for size in (LARGE, SMALL):
                    await draw(app, scene, theme, size, out)


if __name__ == "__main__":
    application = QApplication(sys.argv[:1])
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")
    qtloop.run(application, main(application, target, sys.argv[2] if len(sys.argv) > 2 else ""))
