"""Takes text by pasting, and text or a file by dropping."""

from pathlib import Path

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QVBoxLayout

from grokdesk.ui.theme import Theme
from grokdesk.ui.tokens import SMALL
from grokdesk.ui.widgets.looks import restyle

_LONGEST_SHOWN = 200_000


class PasteEdit(QPlainTextEdit):
    """Plain text only; what is too long to edit is handed on whole."""

    pasted_much = Signal(str)
    focus_changed = Signal(bool)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit(False)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:  # noqa: N802 - Qt's name
        return source.hasText()

    def insertFromMimeData(self, source: QMimeData) -> None:  # noqa: N802 - Qt's name
        if len(source.text()) > _LONGEST_SHOWN:
            self.pasted_much.emit(source.text())
        else:
            self.insertPlainText(source.text())


class DropZone(QFrame):
    """Highlighted while something usable hovers over it."""

    file_dropped = Signal(Path)
    text_dropped = Signal(str)
    refused = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self.setProperty("kind", "drop")
        self.edit = PasteEdit(tabChangesFocus=True)
        self.edit.setAcceptDrops(False)
        self.edit.setProperty("kind", "bare")
        self.edit.setFont(theme.mono())
        self.edit.setFrameShape(QFrame.Shape.NoFrame)
        self.edit.setAccessibleName("Tokens to import")
        self.edit.setPlaceholderText(
            "Paste tokens here, one per line, or drop a file.\n\n"
            "Understood: plain tokens, “sso=…; sso-rw=…” cookie lines, JSON exports, CSV."
        )
        self.edit.pasted_much.connect(self.text_dropped)
        self.edit.focus_changed.connect(lambda on: restyle(self, focused="true" if on else "false"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SMALL, SMALL, SMALL, SMALL)
        layout.addWidget(self.edit)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _offers(event.mimeData()):
            restyle(self, active="true")
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        super().dragLeaveEvent(event)
        restyle(self, active="false")

    def dropEvent(self, event: QDropEvent) -> None:
        restyle(self, active="false")
        event.acceptProposedAction()
        self.take(event.mimeData())

    def take(self, data: QMimeData) -> None:
        files = [url for url in data.urls() if url.isLocalFile()]
        if len(files) > 1:
            self.refused.emit("Please drop one file at a time.")
        elif files:
            self.file_dropped.emit(Path(files[0].toLocalFile()))
        elif data.hasUrls():
            self.refused.emit("Only files of this computer can be dropped here.")
        elif data.hasText():
            self.text_dropped.emit(data.text())


def _offers(data: QMimeData) -> bool:
    return data.hasUrls() or data.hasText()
