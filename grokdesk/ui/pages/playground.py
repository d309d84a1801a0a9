"""Playground: a conversation through the same service that answers the API."""

import asyncio

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from grokdesk.domain.catalog import ModelKind
from grokdesk.domain.chat import Chunk
from grokdesk.domain.errors import GrokdeskError
from grokdesk.services.calls import ChatResult
from grokdesk.ui.dialogs.link import LinkDialog
from grokdesk.ui.kit import Kit
from grokdesk.ui.pages.page import Page
from grokdesk.ui.presenters.conversation import Conversation, new_call, statistics
from grokdesk.ui.sentences import explain
from grokdesk.ui.tokens import SMALL, WIDE
from grokdesk.ui.widgets.answer_view import AnswerView
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.composer import Composer
from grokdesk.ui.widgets.greeting import Greeting
from grokdesk.ui.widgets.transcript import Transcript

_COLUMN = 780


class PlaygroundPage(Page):
    def __init__(self, kit: Kit) -> None:
        super().__init__(kit, "Playground")
        self.conversation = Conversation()
        self._task: asyncio.Task[ChatResult | GrokdeskError] | None = None
        self._answer: AnswerView | None = None
        models = kit.services.catalog.of_kind(ModelKind.CHAT)
        self.composer = Composer(kit.theme, kit.icons, models)
        self.transcript = Transcript(kit.icons)
        self._clear = make_button("Clear", kit.icons, "trash", clicked=self.clear)
        self.header.addWidget(self._clear)
        self._greeting = Greeting(kit.icons)
        self._greeting.chosen.connect(self.send)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._greeting)
        self._stack.addWidget(self.transcript)
        self._outer.addWidget(self._stack, 1)
        self._outer.addLayout(self._bottom())
        self.composer.sent.connect(self.send)
        self.composer.stopped.connect(self.stop)
        QShortcut(QKeySequence("Esc"), self, self.stop)
        self._show_state()

    @property
    def busy(self) -> bool:
        return self._task is not None and not self._task.done()

    @property
    def answer(self) -> AnswerView | None:
        """The last one."""
        return self._answer

    def refresh(self) -> None:
        self.composer.edit.setFocus()

    def send(self, words: str) -> None:
        if self.busy:
            return
        if self.conversation.awaits_answer and self._answer is not None:
            # The last question got no answer at all; the new one takes its place.
            self.transcript.remove_last()
            self.transcript.remove_last()
        self.conversation.ask(words)
        self.transcript.add_question(words)
        self._run()

    def regenerate(self) -> None:
        if self.busy or self._answer is None:
            return
        self.conversation.take_back_answer()
        self.transcript.remove_last()
        self._run()

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def clear(self) -> None:
        self.stop()
        self._answer = None
        self.conversation.clear()
        self.transcript.clear()
        self._show_state()
        self.composer.edit.setFocus()

    def _bottom(self) -> QHBoxLayout:
        column = QWidget()
        column.setMaximumWidth(_COLUMN)
        inner = QVBoxLayout(column)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.composer)
        bottom = QHBoxLayout()
        bar = self.transcript.verticalScrollBar().sizeHint().width()
        bottom.setContentsMargins(WIDE, SMALL, WIDE + bar, WIDE)
        bottom.addStretch(1)
        bottom.addWidget(column, 100)
        bottom.addStretch(1)
        return bottom

    def _run(self) -> None:
        services = self.kit.services
        answer = self._answer = AnswerView(self.kit)
        answer.retry_wanted.connect(self.regenerate)
        answer.link_clicked.connect(self._ask_about_link)
        self.transcript.add_answer(answer)
        call = new_call()

        async def emit(chunk: Chunk) -> None:
            answer.take(chunk)

        request = self.conversation.request(self.composer.model)

        async def ask() -> ChatResult | GrokdeskError:
            try:
                return await services.chat.run(request, emit, call)
            except GrokdeskError as error:
                return error

        self._task = task = services.tasks.spawn(ask(), name="playground")
        task.add_done_callback(lambda _ended: self._finished(task, answer, call.request_id))
        self._show_state()

    def _finished(
        self,
        task: asyncio.Task[ChatResult | GrokdeskError],
        answer: AnswerView,
        request_id: str,
    ) -> None:
        if answer is not self._answer:
            return  # cleared meanwhile
        self.conversation.answered(answer.received)
        if task.cancelled():
            answer.stop()
        else:
            ended = task.exception() or task.result()
            if isinstance(ended, BaseException):
                answer.fail(explain(ended, self.kit.services.clock.now()))
            else:
                answer.end(statistics(ended, request_id))
        self._show_state()

    def _show_state(self) -> None:
        self.composer.set_busy(self.busy)
        started = len(self.conversation) > 0
        self._clear.setVisible(started)
        self._stack.setCurrentWidget(self.transcript if started else self._greeting)

    def _ask_about_link(self, href: str) -> None:
        LinkDialog(self, self.kit, href, on_open=lambda: _open(href)).open()


def _open(href: str) -> None:
    QDesktopServices.openUrl(QUrl(href))
