"""Where a prompt is written: Enter sends, Shift+Enter breaks the line, input methods work."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QPushButton, QVBoxLayout

from grokdesk.domain.catalog import ModelSpec
from grokdesk.ui.icons import Icons
from grokdesk.ui.theme import Theme
from grokdesk.ui.tokens import MEDIUM, SMALL
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.combo import ComboBox
from grokdesk.ui.widgets.labels import PlainLabel, set_plain_tooltip
from grokdesk.ui.widgets.looks import restyle, row

_MOST_LINES = 8


class PromptEdit(QPlainTextEdit):
    """Grows with its text up to some lines."""

    sent = Signal()
    focus_changed = Signal(bool)

    def __init__(self, theme: Theme) -> None:
        super().__init__(tabChangesFocus=True)
        self._composing = False
        self.setProperty("kind", "bare")
        self.setFont(theme.font(1.03))
        self.setPlaceholderText("Ask something")
        self.setAccessibleName("Prompt")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(2)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self._composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        breaks = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if is_enter and self._composing:
            event.ignore()
        elif is_enter and not breaks:
            self.sent.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit(False)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.height())

    def _fit(self) -> None:
        lines = min(_MOST_LINES, max(1, round(self.document().size().height())))
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 6)


class Composer(QFrame):
    """`sent` has the stripped prompt; the field is emptied. While busy the button stops."""

    sent = Signal(str)
    stopped = Signal()

    def __init__(self, theme: Theme, icons: Icons, models: tuple[ModelSpec, ...]) -> None:
        super().__init__()
        self._icons = icons
        self._busy = False
        self.setProperty("kind", "composer")
        self.edit = PromptEdit(theme)
        self.models = ComboBox("Model", kind="quiet")
        for model in models:
            self.models.addItem(model.display_name, model.id)
        hint = PlainLabel("Enter sends, Shift+Enter breaks the line", role="caption")
        self.button: QPushButton = make_button(
            "", icons, "send", kind="round", name="Send", clicked=self._press
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MEDIUM, MEDIUM, SMALL, SMALL)
        layout.setSpacing(SMALL)
        layout.addWidget(self.edit)
        layout.addLayout(row(self.models, None, hint, self.button, spacing=MEDIUM))
        self.edit.sent.connect(self._send)
        self.edit.textChanged.connect(self._fit_button)
        self.edit.focus_changed.connect(lambda on: restyle(self, active="true" if on else "false"))
        self._fit_button()

    @property
    def model(self) -> str:
        return str(self.models.currentData() or "")

    def set_busy(self, busy: bool) -> None:
        self._busy = busy
        name = "Stop" if busy else "Send"
        self._icons.set_on(self.button, name.lower(), "on_accent")
        self.button.setAccessibleName(name)
        set_plain_tooltip(self.button, "Stop (Esc)" if busy else "Send (Enter)")
        self._fit_button()

    def _press(self) -> None:
        if self._busy:
            self.stopped.emit()
        else:
            self._send()

    def _send(self) -> None:
        words = self.edit.toPlainText().strip()
        if words and not self._busy:
            self.edit.clear()
            self.sent.emit(words)

    def _fit_button(self) -> None:
        self.button.setEnabled(self._busy or bool(self.edit.toPlainText().strip()))
