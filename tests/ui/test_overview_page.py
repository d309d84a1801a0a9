from desk import Desk, button, click, dialog
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from stand_in import NOW, usage_row

from grokdesk.domain.events import RequestFinished
from grokdesk.domain.usage import UsageSummary
from grokdesk.services.accounts import PoolSummary
from grokdesk.services.gateway import GatewaySnapshot, GatewayState
from grokdesk.ui.dialogs.ask import NameDialog
from grokdesk.ui.pages.overview import OverviewPage
from grokdesk.ui.presenters import overview as words
from grokdesk.ui.presenters.latest import LatestRequests
from grokdesk.ui.presenters.snippets import KEY_PLACEHOLDER, RECIPES, Connection


def opened(desk: Desk) -> OverviewPage:
    return desk.show(OverviewPage(desk.kit), 1000, 900)


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


async def test_it_tells_that_the_gateway_runs_and_where(desk: Desk) -> None:
    page = opened(desk)
    assert page._state.text() == "Gateway is running"
    click(button(page, "Copy API address"))
    assert clipboard() == "http://127.0.0.1:18787/v1"
    assert button(page, "Copy API address").text() == "Copied"


async def test_pausing_and_resuming_is_one_button(desk: Desk) -> None:
    page = opened(desk)
    click(button(page, "Pause gateway"))
    assert desk.services.gateway.snapshot().state is GatewayState.PAUSED
    assert page._state.text() == "Gateway is paused"
    click(button(page, "Resume gateway"))
    assert desk.services.gateway.snapshot().state is GatewayState.RUNNING


async def test_a_change_from_elsewhere_shows_within_a_moment(desk: Desk) -> None:
    page = opened(desk)
    desk.services.gateway.count(2)
    await desk.until(lambda: "2 requests are running." in page._sentence.text(), timeout=1)


async def test_a_taken_port_offers_the_next_free_one(desk: Desk) -> None:
    page = opened(desk)
    tried: list[int] = []

    async def listen(port: int) -> None:
        tried.append(port)
        desk.services.gateway.change(state=GatewayState.RUNNING, port=port, free_port=None)

    desk.services.gateway.listen = listen
    desk.services.gateway.change(
        state=GatewayState.FAILED, error="Port 18787 is taken.", free_port=18790
    )
    await desk.until(lambda: "Port 18787 is taken." in page._sentence.text())
    click(button(page, "Use port 18790"))
    await desk.until(lambda: page._address.value == "http://127.0.0.1:18790/v1")
    assert tried == [18790]


async def test_only_the_end_of_an_old_key_is_known(desk: Desk) -> None:
    page = opened(desk)
    assert page.key_field.value == desk.services.keys.list()[-1].hint
    assert not page.key_field._copy.isVisible()
    assert not page.key_field._reveal.isVisible()


async def test_a_new_key_is_copied_masked_and_can_be_revealed(desk: Desk) -> None:
    page = opened(desk)
    click(button(page, "New key…"))
    asked = dialog(page, NameDialog)
    entry = asked.findChildren(QLineEdit)[0]
    assert entry.text() == "Key 2"
    click(button(asked, "Create and copy"))
    await desk.until(lambda: desk.services.keys.fresh)
    fresh = desk.services.keys.fresh
    assert fresh is not None
    assert clipboard() == fresh
    assert "“Key 2” was created and copied" in page.info.sentence
    assert fresh not in page.key_field.value
    assert page.key_field.value.endswith(fresh[-4:])
    click(button(page, "Show the key"))
    assert page.key_field.value == fresh
    click(button(page, "Hide the key"))
    assert fresh not in page.key_field.value


async def test_a_revealed_key_is_masked_when_the_page_is_left(desk: Desk) -> None:
    await desk.services.keys.create("Mine")
    page = opened(desk)
    page.key_field._toggle()
    assert page.key_field.revealed
    page.hide()
    assert not page.key_field.revealed


async def test_a_key_name_that_exists_is_refused_in_words(desk: Desk) -> None:
    page = opened(desk)
    page._create_key("Key 1")
    await desk.until(lambda: page.info.sentence == "There is already a key named 'Key 1'.")


async def test_snippets_have_a_placeholder_and_copy_the_real_key(desk: Desk) -> None:
    page = opened(desk)
    card = page.connect_card
    assert KEY_PLACEHOLDER in card.code.toPlainText()
    click(button(card, "Copy snippet"))
    assert KEY_PLACEHOLDER in clipboard()
    await desk.services.keys.create("Mine")
    fresh = desk.services.keys.fresh
    assert fresh is not None
    card.refresh()
    card._copy._copy()
    assert fresh in clipboard()
    assert fresh not in card.code.toPlainText()


async def test_tabs_change_the_snippet_and_the_arrow_keys_move(desk: Desk) -> None:
    page = opened(desk)
    card = page.connect_card
    card.tabs._group.button(0).setFocus()
    QTest.keyClick(card.tabs, Qt.Key.Key_Right)
    assert "from openai import OpenAI" in card.code.toPlainText()
    card.model.setCurrentIndex(1)
    assert card.model.itemText(1) in card.code.toPlainText()


async def test_figures_come_from_the_services(desk: Desk) -> None:
    page = opened(desk)
    await desk.until(lambda: page._requests._value.text() == "48")
    assert page._requests._remark.text() == "3 failed (6.3 %)"
    assert page._accounts._value.text() == "4 of 11"
    assert page._latency._value.text().endswith(" ms")


async def test_finished_requests_appear_in_the_list(desk: Desk) -> None:
    page = opened(desk)
    assert page.latest_card._empty.isVisible()
    for number in (2, 1, 0):
        desk.services.bus.publish(RequestFinished(usage_row(number)))
    await desk.until(lambda: not page.latest_card._empty.isVisible())
    first = [cell.text() for cell in page.latest_card._cells[0]]
    assert first[:3] == ["Rate limited", "grok-chat-fast", "Work"]


def test_latest_requests_are_newest_first_and_bounded() -> None:
    latest = LatestRequests()
    latest.add(usage_row(number) for number in range(100, 0, -1))
    lines = latest.lines(3, {"id-Work": "maria@example.org"}, NOW)
    assert [line.when for line in lines] == ["1 min ago", "2 min ago", "3 min ago"]
    assert "maria" not in lines[0].account
    assert len(latest.latencies()) <= 60


def test_sentences_of_the_gateway_say_what_to_do() -> None:
    empty = PoolSummary()
    running = GatewaySnapshot(state=GatewayState.RUNNING, port=1)
    assert "Import accounts" in words.gateway_sentence(running, empty)
    demo = GatewaySnapshot(state=GatewayState.RUNNING, port=1, demo=True)
    assert "made up" in words.gateway_sentence(demo, empty)
    tired = PoolSummary(total=2, exhausted=2)
    assert "No account can answer" in words.gateway_sentence(running, tired)
    failed = GatewaySnapshot(state=GatewayState.FAILED, error="Port taken.")
    assert words.gateway_sentence(failed, empty) == "Port taken."
    for state in GatewayState:
        assert words.gateway_sentence(GatewaySnapshot(state=state), empty)
        assert words.GATEWAY_TITLES[state]


def test_figures_without_data_do_not_pretend() -> None:
    assert words.latency_figure(UsageSummary()).value == "—"
    assert words.requests_figure(UsageSummary()).remark == "None since midnight"
    assert words.accounts_figure(PoolSummary(), NOW).remark == "None imported yet"
    soon = PoolSummary(total=1, ready=1, next_reset_at=NOW + 600)
    assert words.accounts_figure(soon, NOW).remark == "Next reset in 10 min"


def test_every_recipe_names_address_key_and_model() -> None:
    to = Connection("http://127.0.0.1:18787/v1", "gd-key", "grok-chat-fast")
    for recipe in RECIPES:
        rendered = recipe.render(to)
        assert "http://127.0.0.1:18787" in rendered
        assert "gd-key" in rendered
        assert "grok-chat-fast" in rendered


def test_the_python_and_curl_recipes_are_sound() -> None:
    import ast
    import json
    import shlex

    to = Connection("http://127.0.0.1:18787/v1", "gd-key", "grok-chat-fast")
    by_title = {recipe.title: recipe.render(to) for recipe in RECIPES}
    ast.parse(by_title["Python"])
    arguments = shlex.split(by_title["curl"])
    body = json.loads(arguments[arguments.index("-d") + 1])
    assert body["model"] == "grok-chat-fast"
    assert arguments[1] == "http://127.0.0.1:18787/v1/chat/completions"
