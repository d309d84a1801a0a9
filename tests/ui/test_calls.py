import asyncio
import logging

import pytest
import shiboken6
from desk import Desk
from PySide6.QtWidgets import QPushButton, QWidget

from grokdesk.domain.errors import ConflictError
from grokdesk.ui.sentences import UNEXPECTED
from grokdesk.ui.spinner import Spinner
from grokdesk.ui.widgets.info_bar import InfoBar


async def test_the_button_waits_and_the_result_arrives(bare: Desk) -> None:
    button = bare.show(QPushButton("Go"))
    got: list[int] = []
    gate = asyncio.Event()

    async def work() -> int:
        await gate.wait()
        return 7

    bare.kit.calls.run(work(), name="work", busy=button, done=got.append)
    assert not button.isEnabled()
    gate.set()
    await bare.until(lambda: got == [7])
    await bare.until(button.isEnabled)


async def test_a_spinner_shows_only_when_it_takes_noticeably_long(bare: Desk) -> None:
    button = bare.show(QPushButton("Go"))
    bare.kit.calls.run(asyncio.sleep(0.05), name="short", busy=button)
    await bare.until(button.isEnabled)
    assert not button.findChildren(Spinner)
    bare.kit.calls.run(asyncio.sleep(0.4), name="long", busy=button)
    await bare.until(lambda: button.findChildren(Spinner))
    await bare.until(button.isEnabled)


async def test_an_error_is_told_in_place_and_goes_with_the_next_call(bare: Desk) -> None:
    parent = bare.show(QWidget())
    info = InfoBar(bare.kit.icons)
    info.setParent(parent)

    async def fail() -> None:
        raise ConflictError("The port is taken")

    bare.kit.calls.run(fail(), name="fail", info=info)
    await bare.until(lambda: info.sentence == "The port is taken.")
    bare.kit.calls.run(asyncio.sleep(0), name="next", info=info)
    assert info.sentence == ""


async def test_a_bug_is_logged_and_told_without_its_text(
    bare: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    info = InfoBar(bare.kit.icons)

    async def crash() -> None:
        raise KeyError("secret")

    with caplog.at_level(logging.ERROR):
        bare.kit.calls.run(crash(), name="crash", info=info)
        await bare.until(lambda: info.sentence)
    assert info.sentence == UNEXPECTED
    assert "the task crash crashed" in caplog.text


async def test_widgets_may_die_before_the_call_ends(bare: Desk) -> None:
    button, info = QPushButton(), InfoBar(bare.kit.icons)
    got: list[None] = []
    gate = asyncio.Event()

    async def fail() -> None:
        await gate.wait()
        raise ConflictError("too late")

    bare.kit.calls.run(fail(), name="fail", busy=button, info=info)
    bare.kit.calls.run(gate.wait(), name="wait", info=info, done=lambda _: got.append(None))
    shiboken6.delete(button)
    shiboken6.delete(info)
    gate.set()
    await bare.until(lambda: len(bare.services.tasks) == 0)
    assert got == []


async def test_the_focus_returns_to_the_button_that_had_it(bare: Desk) -> None:
    button = bare.show(QPushButton("Go"))
    button.activateWindow()
    button.setFocus()
    await bare.until(button.hasFocus)
    bare.kit.calls.run(asyncio.sleep(0.02), name="work", busy=button)
    await bare.until(button.isEnabled)
    assert button.hasFocus()
