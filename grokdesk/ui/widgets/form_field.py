"""One field of a form: what it is, the editor, and below it a hint or what is wrong with it."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from grokdesk.ui.tokens import TIGHT
from grokdesk.ui.widgets.labels import PlainLabel, announce
from grokdesk.ui.widgets.looks import named, restyle


class FormField(QWidget):
    def __init__(self, title: str, editor: QWidget, hint: str = "") -> None:
        super().__init__()
        self.editor = named(editor, title)
        self._hint = hint
        caption = PlainLabel(title, role="muted")
        caption.setBuddy(editor)
        self._below = PlainLabel(role="caption", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(TIGHT)
        layout.addWidget(caption)
        layout.addWidget(editor)
        layout.addWidget(self._below)
        self.clear()

    @property
    def error(self) -> str:
        return self._below.text() if self._below.property("role") == "bad" else ""

    def show_hint(self, hint: str) -> None:
        self._hint = hint
        if not self.error:
            self.clear()

    def show_problem(self, sentence: str) -> None:
        self._say(sentence, "bad")
        self.editor.setFocus()
        announce(self.editor, sentence)

    def clear(self) -> None:
        self._say(self._hint, "caption")

    def _say(self, words: str, role: str) -> None:
        self._below.setText(words)
        self._below.setVisible(bool(words))
        self.editor.setAccessibleDescription(words)
        restyle(self._below, role=role)
