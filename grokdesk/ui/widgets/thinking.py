"""The thinking that precedes an answer: folded away, readable on a press."""

from PySide6.QtCore import QElapsedTimer
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QVBoxLayout, QWidget

from grokdesk.ui import text
from grokdesk.ui.kit import Kit
from grokdesk.ui.tokens import MEDIUM, TIGHT
from grokdesk.ui.widgets.buttons import make_button, set_icon

_HEIGHT = 180


class Thinking(QWidget):
    """Hidden until there is any. Plain text: nobody needs its Markdown."""

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._kit = kit
        self._waiting: list[str] = []
        self._since = QElapsedTimer()
        self._over = False
        self._fold = make_button(
            "Thinking…", kit.icons, "chevron-right", kind="fold", tone="muted", clicked=self._toggle
        )
        self._words = QPlainTextEdit(readOnly=True, tabChangesFocus=True, undoRedoEnabled=False)
        self._words.setProperty("kind", "reading")
        self._words.setAccessibleName("Thinking")
        self._words.setFont(kit.theme.font(0.95))
        self._well = QFrame()
        self._well.hide()
        self._well.setProperty("kind", "well")
        inner = QVBoxLayout(self._well)
        inner.setContentsMargins(MEDIUM, MEDIUM, TIGHT, MEDIUM)
        inner.addWidget(self._words)
        self._well.setFixedHeight(_HEIGHT)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(TIGHT)
        layout.addWidget(self._fold)
        layout.addWidget(self._well)
        self.hide()

    @property
    def is_open(self) -> bool:
        return self._well.isVisibleTo(self)

    def take(self, words: str) -> None:
        if not self._since.isValid():
            self._since.start()
        self._waiting.append(words)

    def render_some(self, *, has_answer: bool) -> None:
        if self._waiting:
            self.show()
            cursor = QTextCursor(self._words.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText("".join(self._waiting))
            self._waiting.clear()
        if has_answer:
            self.end()

    def end(self) -> None:
        if self._since.isValid() and not self._over:
            self._over = True
            self._fold.setText(f"Thought for {text.latency(self._since.elapsed() / 1000)}")
            self._fold.setAccessibleName(f"{self._fold.text()}, show or hide the thinking")

    def _toggle(self) -> None:
        show = not self.is_open
        self._well.setVisible(show)
        set_icon(self._fold, self._kit.icons, "chevron-down" if show else "chevron-right", "muted")
