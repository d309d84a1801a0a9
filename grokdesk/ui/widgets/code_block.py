"""Code: monospaced, as tall as its lines, with a button that copies it."""

from math import ceil

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QTextBlockFormat, QTextCursor, QTextOption, QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextEdit, QVBoxLayout

from grokdesk.ui.clipboard import Clipboard
from grokdesk.ui.icons import Icons
from grokdesk.ui.theme import Theme
from grokdesk.ui.tokens import MEDIUM, SMALL, TIGHT
from grokdesk.ui.widgets.buttons import CopyButton
from grokdesk.ui.widgets.highlight import Highlighter, has_colours
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.looks import row

_SCROLL_BAR = 14
_LINE_HEIGHT = 130.0
_FOCUS_RING = 2


class CodeText(QTextEdit):
    """Read-only; long lines scroll sideways, the height follows the number of lines."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._tail_chars = 0
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)
        self.setAcceptRichText(False)
        self.setProperty("kind", "reading")
        self.setAccessibleName(name)
        self.setFont(theme.mono())
        self.setWordWrapMode(QTextOption.WrapMode.NoWrap)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(0)
        self._space_lines()
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self.horizontalScrollBar().rangeChanged.connect(self._fit)
        self._fit()

    def add_colours(self, theme: Theme) -> None:
        self._highlighter = Highlighter(self.document(), theme)

    def show_text(self, text: str) -> None:
        if text != self.toPlainText():
            self.setPlainText(text)
            self._space_lines()

    def append_text(self, text: str, tail: str = "") -> None:
        """`tail` is replaced by what is appended next."""
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        cursor.movePosition(QTextCursor.MoveOperation.End)
        keep = QTextCursor.MoveMode.KeepAnchor
        cursor.setPosition(cursor.position() - self._tail_chars, keep)
        cursor.insertText(text + tail)
        self._tail_chars = len(tail)
        cursor.endEditBlock()

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.height())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Sideways scrolls the code, everything else is the page's."""
        if abs(event.angleDelta().x()) > abs(event.angleDelta().y()):
            super().wheelEvent(event)
        else:
            event.ignore()

    def _space_lines(self) -> None:
        """Blocks that are added later take after the last one."""
        spaced = QTextBlockFormat()
        spaced.setLineHeight(
            _LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
        )
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(spaced)

    def _fit(self) -> None:
        overflow = self.horizontalScrollBar().maximum() > 0
        lines = ceil(self.document().size().height())
        height = lines + 2 * _FOCUS_RING + (_SCROLL_BAR if overflow else 0)
        if height != self.height():
            self.setFixedHeight(height)


class CodeBlock(QFrame):
    """A well with a caption (the language) and a Copy button."""

    def __init__(self, theme: Theme, icons: Icons, clipboard: Clipboard, language: str) -> None:
        super().__init__()
        self.setProperty("kind", "well")
        self.code = CodeText(theme, f"Code, {language}" if language else "Code")
        if has_colours(language):
            self.code.add_colours(theme)
        copy = CopyButton(
            clipboard, icons, self.code.toPlainText, what="the code", text="Copy", kind="ghost"
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MEDIUM, TIGHT, TIGHT, MEDIUM)
        layout.setSpacing(TIGHT)
        layout.addLayout(row(PlainLabel(language or "code", role="caption"), None, copy))
        inner = row(self.code)
        inner.setContentsMargins(0, 0, SMALL, 0)
        layout.addLayout(inner)
