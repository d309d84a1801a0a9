import asyncio

from desk import Desk, button, click
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QInputMethodEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from stand_in import playing

from grokdesk.domain.chat import (
    Citation,
    Emit,
    FinishReason,
    Prompt,
    ReasoningDelta,
    Role,
    TextDelta,
    ToolActivity,
)
from grokdesk.domain.errors import ContentRefusedError, UpstreamUnavailableError
from grokdesk.domain.usage import TokenCount
from grokdesk.services.calls import ChatResult
from grokdesk.ui.pages.playground import PlaygroundPage
from grokdesk.ui.presenters.conversation import Conversation, statistics
from grokdesk.ui.sentences import UNEXPECTED
from grokdesk.ui.widgets.code_block import CodeBlock
from grokdesk.ui.widgets.prose_view import ProseView


def opened(desk: Desk) -> PlaygroundPage:
    return desk.show(PlaygroundPage(desk.kit), 900, 640)


async def answered(desk: Desk, page: PlaygroundPage, prompt: str = "Hi") -> None:
    page.send(prompt)
    await desk.until(lambda: not page.busy)
    await desk.until(lambda: page.answer is not None and page.answer._foot.isVisible())


def shown_text(page: PlaygroundPage) -> str:
    assert page.answer is not None
    return "\n".join(view.toPlainText() for view in page.answer.findChildren(ProseView))


async def test_a_prompt_is_answered_and_the_figures_follow(desk: Desk) -> None:
    page = opened(desk)
    page.composer.edit.setFocus()
    QTest.keyClicks(page.composer.edit, "Hello there")
    QTest.keyClick(page.composer.edit, Qt.Key.Key_Return)
    await desk.until(lambda: not page.busy)
    await desk.until(lambda: shown_text(page) == "You said: Hello there")
    assert page.composer.edit.toPlainText() == ""
    assert page.answer is not None
    figures = page.answer._foot.statistics
    assert figures.startswith("First token ")
    assert "grok-chat-fast" in figures
    assert "req_" in figures


async def test_shift_enter_breaks_the_line(desk: Desk) -> None:
    page = opened(desk)
    QTest.keyClicks(page.composer.edit, "a")
    QTest.keyClick(page.composer.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(page.composer.edit, "b")
    assert page.composer.edit.toPlainText() == "a\nb"
    assert not page.busy


async def test_enter_during_composition_does_not_send(desk: Desk) -> None:
    page = opened(desk)
    edit = page.composer.edit
    QApplication.sendEvent(edit, QInputMethodEvent("にほん", []))
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert len(page.conversation) == 0
    commit = QInputMethodEvent()
    commit.setCommitString("日本")
    QApplication.sendEvent(edit, commit)
    QTest.keyClick(edit, Qt.Key.Key_Return)
    await desk.until(lambda: len(page.conversation) == 2)
    assert desk.stage.upstream.requests[0].messages[0].text == "日本"


async def test_the_conversation_is_sent_along(desk: Desk) -> None:
    page = opened(desk)
    await answered(desk, page, "One")
    await answered(desk, page, "Two")
    roles = [message.role for message in desk.stage.upstream.requests[-1].messages]
    assert roles == [Role.USER, Role.ASSISTANT, Role.USER]


async def test_escape_stops_the_answer_and_frees_the_account(desk: Desk) -> None:
    page = opened(desk)

    async def endless(request: Prompt, emit: Emit) -> None:
        await emit(TextDelta("A beginning"))
        await asyncio.Event().wait()

    desk.stage.upstream.script = endless
    before = desk.stage.pool.in_flight
    page.send("Go on")
    await desk.until(lambda: shown_text(page) == "A beginning")
    assert desk.stage.pool.in_flight == before + 1
    page.activateWindow()
    QTest.keyClick(page, Qt.Key.Key_Escape)
    await desk.until(lambda: not page.busy)
    assert desk.stage.upstream.running == 0
    assert desk.stage.pool.in_flight == before
    assert page.answer is not None
    await desk.until(lambda: page.answer and page.answer._foot.statistics == "Stopped.")
    assert len(page.conversation) == 2


async def test_the_send_button_becomes_the_stop_button(desk: Desk) -> None:
    page = opened(desk)
    desk.stage.upstream.script = playing(TextDelta("x"), pause=30)
    page.send("Hi")
    assert page.composer.button.accessibleName() == "Stop"
    click(page.composer.button)
    await desk.until(lambda: page.composer.button.accessibleName() == "Send")


async def test_a_failure_is_told_in_place_and_can_be_tried_again(desk: Desk) -> None:
    page = opened(desk)

    async def refuse(request: Prompt, emit: Emit) -> None:
        raise ContentRefusedError("grok.com declined the request.")

    script, desk.stage.upstream.script = desk.stage.upstream.script, refuse
    await answered(desk, page)
    assert page.answer is not None
    assert page.answer._foot.error.sentence.startswith("grok.com declined the request. Change")
    desk.stage.upstream.script = script
    click(button(page, "Try again"))
    await desk.until(lambda: shown_text(page) == "You said: Hi")
    assert len(page.conversation) == 2


async def test_a_failure_in_the_middle_keeps_what_came(desk: Desk) -> None:
    page = opened(desk)

    async def break_off(request: Prompt, emit: Emit) -> None:
        await emit(TextDelta("Half an "))
        raise UpstreamUnavailableError("grok.com cut the connection.")

    desk.stage.upstream.script = break_off
    await answered(desk, page)
    assert shown_text(page).strip() == "Half an"
    assert page.answer is not None
    assert "cut the connection" in page.answer._foot.error.sentence


async def test_a_bug_is_told_without_its_text(desk: Desk) -> None:
    page = opened(desk)

    async def crash(request: Prompt, emit: Emit) -> None:
        raise ZeroDivisionError("secret detail")

    desk.stage.upstream.script = crash
    await answered(desk, page)
    assert page.answer is not None
    assert page.answer._foot.error.sentence == UNEXPECTED


async def test_a_new_prompt_replaces_one_that_was_never_answered(desk: Desk) -> None:
    page = opened(desk)

    async def refuse(request: Prompt, emit: Emit) -> None:
        raise ContentRefusedError("No.")

    script, desk.stage.upstream.script = desk.stage.upstream.script, refuse
    await answered(desk, page, "First")
    desk.stage.upstream.script = script
    await answered(desk, page, "Second")
    assert [m.text for m in desk.stage.upstream.requests[-1].messages] == ["Second"]


async def test_regenerating_asks_the_same_question_again(desk: Desk) -> None:
    page = opened(desk)
    await answered(desk, page, "Dice")
    click(button(page, "Answer again"))
    await desk.until(lambda: len(desk.stage.upstream.requests) == 2 and not page.busy)
    assert [m.text for m in desk.stage.upstream.requests[1].messages] == ["Dice"]


async def test_clearing_during_an_answer_stops_it_and_starts_over(desk: Desk) -> None:
    page = opened(desk)
    desk.stage.upstream.script = playing(TextDelta("x"), pause=30)
    page.send("Hi")
    await desk.until(lambda: desk.stage.upstream.running == 1)
    click(button(page, "Clear"))
    await desk.until(lambda: desk.stage.upstream.running == 0)
    assert page._greeting.isVisible()
    assert len(page.conversation) == 0


async def test_thinking_is_folded_away_and_can_be_read(desk: Desk) -> None:
    page = opened(desk)
    desk.stage.upstream.script = playing(ReasoningDelta("Let me see."), TextDelta("Yes."))
    await answered(desk, page)
    assert page.answer is not None
    thinking = page.answer._thinking
    assert thinking.isVisible()
    assert not thinking.is_open
    click(thinking._fold)
    assert thinking.is_open
    assert thinking._words.toPlainText() == "Let me see."
    assert thinking._fold.text().startswith("Thought for ")


async def test_code_gets_a_block_of_its_own_with_a_copy_button(desk: Desk) -> None:
    page = opened(desk)
    desk.stage.upstream.script = playing(TextDelta("Try:\n```python\nprint(1)\n```\nDone."))
    await answered(desk, page)
    answer = page.answer
    assert answer is not None
    # Qt shows what is added to a layout in a later turn.
    await desk.until(lambda: any(block.isVisible() for block in answer.findChildren(CodeBlock)))
    click(button(answer, "Copy the code"))
    assert QGuiApplication.clipboard().text() == "print(1)"
    assert shown_text(page) == "Try:\nDone."


async def test_the_whole_answer_can_be_copied_as_it_came(desk: Desk) -> None:
    page = opened(desk)
    desk.stage.upstream.script = playing(TextDelta("**Bold**\n"), TextDelta("- item"))
    await answered(desk, page)
    click(button(page, "Copy the answer"))
    assert QGuiApplication.clipboard().text() == "**Bold**\n- item"


async def test_sources_are_listed_once_and_only_from_the_web(desk: Desk) -> None:
    page = opened(desk)
    desk.stage.upstream.script = playing(
        ToolActivity("web_search", "sorting"),
        Citation(1, "https://example.org/a", "A <b>title</b>"),
        Citation(2, "https://example.org/a", "again"),
        Citation(3, "file:///etc/passwd", "no"),
        TextDelta("Done."),
    )
    await answered(desk, page)
    assert page.answer is not None
    buttons = page.answer._sources.findChildren(type(page.composer.button))
    assert [b.text() for b in buttons] == ["1.  example.org  —  A <b>title</b>"]


async def test_what_the_user_wrote_is_shown_as_plain_text(desk: Desk) -> None:
    from PySide6.QtWidgets import QLabel

    page = opened(desk)
    await answered(desk, page, "<img src='file:///etc/passwd'> & co")
    label = next(found for found in page.findChildren(QLabel) if "<img" in found.text())
    assert label.textFormat() is Qt.TextFormat.PlainText


async def test_the_view_follows_until_the_reader_scrolls_away(desk: Desk) -> None:
    page = opened(desk)
    gate = asyncio.Event()

    async def long(request: Prompt, emit: Emit) -> None:
        for number in range(60):
            await emit(TextDelta(f"Paragraph {number}\n\n"))
        await gate.wait()
        for number in range(60):
            await emit(TextDelta(f"More {number}\n\n"))

    desk.stage.upstream.script = long
    page.send("Go")
    bar = page.transcript.verticalScrollBar()
    await desk.until(lambda: bar.maximum() > 800 and bar.value() == bar.maximum())
    place = QPointF(100, 100)
    away = QWheelEvent(
        place, page.transcript.viewport().mapToGlobal(place), QPoint(0, 0), QPoint(0, 1200),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(page.transcript.viewport(), away)
    assert not page.transcript.follows
    before = bar.value()
    gate.set()
    await desk.until(lambda: not page.busy)
    await asyncio.sleep(0.3)
    assert bar.value() == before
    click(button(page, "Go to the latest"))
    assert bar.value() == bar.maximum()


async def test_the_model_of_the_request_is_the_chosen_one(desk: Desk) -> None:
    page = opened(desk)
    models = page.composer.models
    chosen = models.findData("grok-chat-auto")
    assert chosen >= 0
    models.setCurrentIndex(chosen)
    await answered(desk, page)
    assert desk.stage.upstream.asked == ["grok-chat-auto"]


def test_statistics_leave_out_what_is_not_known() -> None:
    result = ChatResult(
        reason=FinishReason.STOP,
        tokens=TokenCount(10, 120),
        model="grok-chat-fast",
        account_id="a",
        account_label="maria@example.org",
        attempts=2,
        first_chunk_s=0.4,
        total_s=2.8,
    )
    line = statistics(result, "req_1")
    assert line.split("  ·  ") == [
        "First token 400 ms",
        "≈50 tokens/s",
        "2.8 s in all",
        "grok-chat-fast",
        "\u2068m…@example.org\u2069",
        "2 attempts",
        "req_1",
    ]


def test_a_question_without_answer_is_replaced_by_the_next() -> None:
    conversation = Conversation()
    conversation.ask("one")
    conversation.ask("two")
    assert [m.text for m in conversation.request("m").messages] == ["two"]
    conversation.answered("")
    assert conversation.awaits_answer
