"""Under an answer: how it came about or why it did not, copy and try again."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from grokdesk.ui.kit import Kit
from grokdesk.ui.sentences import Explanation
from grokdesk.ui.tokens import SMALL, TIGHT
from grokdesk.ui.widgets.buttons import CopyButton, make_button
from grokdesk.ui.widgets.info_bar import InfoBar
from grokdesk.ui.widgets.labels import ElidedLabel
from grokdesk.ui.widgets.looks import row


class AnswerFoot(QWidget):
    """Hidden until the answer has ended."""

    retry_wanted = Signal()

    def __init__(self, kit: Kit, answer: Callable[[], str]) -> None:
        super().__init__()
        self.hide()
        self._answer = answer
        self.error = InfoBar(kit.icons)
        self._statistics = ElidedLabel(role="caption")
        self._copy = CopyButton(
            kit.clipboard, kit.icons, answer, what="the answer", text="", kind="icon"
        )
        self._again = make_button(
            "",
            kit.icons,
            "refresh",
            kind="icon",
            name="Answer again",
            clicked=self.retry_wanted.emit,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SMALL)
        layout.addWidget(self.error)
        layout.addLayout(row(self._copy, self._again, self._statistics, spacing=TIGHT))

    @property
    def statistics(self) -> str:
        return self._statistics.text()

    def show_statistics(self, words: str) -> None:
        self._statistics.setText(words)

    def show_error(self, explanation: Explanation) -> None:
        self._again.hide()
        self._copy.setVisible(bool(self._answer()))
        self.error.say(
            explanation.sentence, tone="bad", action="Try again", act=self.retry_wanted.emit
        )
