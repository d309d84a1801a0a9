"""Shows Markdown that grows: final blocks stay as they are, the last one is rendered again."""

from PySide6.QtCore import QRectF, QSize, Qt, QUrl, Signal
from PySide6.QtGui import (
    QPainter,
    QPaintEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QTextBrowser

from grokdesk.ui.theme import Theme
from grokdesk.ui.widgets.markdown_copy import Style, append_markdown

_QUOTE_BAR = 3
_FOCUS_RING = 2


class ProseView(QTextBrowser):
    """As tall as its text. It loads nothing and opens nothing by itself."""

    link_clicked = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._style = Style.of(theme)
        self._has_quotes = False
        self._final: list[str] = []
        self._tail = ""
        self._tail_at = 0
        self.setProperty("kind", "reading")
        self.setAccessibleName("Answer")
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        document = self.document()
        document.setDocumentMargin(0)
        document.setIndentWidth(24)
        document.documentLayout().documentSizeChanged.connect(self._fit)
        self.anchorClicked.connect(lambda url: self.link_clicked.emit(url.toString()))
        theme.changed.connect(self._render_again)

    def add_final(self, markdown: str) -> None:
        """What was shown as the tail is replaced by this."""
        self._final.append(markdown)
        self._tail = ""
        self._write(markdown)
        self._tail_at = self._end().position()

    def show_tail(self, markdown: str) -> None:
        if markdown != self._tail:
            self._tail = markdown
            self._write(markdown)

    @property
    def markdown(self) -> str:
        return "".join(self._final) + self._tail

    def loadResource(self, kind: int, name: QUrl | str) -> None:  # noqa: ARG002
        """Nothing: a picture in an answer must not reach the disk or the network."""
        return

    def sizeHint(self) -> QSize:
        return QSize(320, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.height())

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._has_quotes:
            self._paint_quote_bars(QPainter(self.viewport()))
        super().paintEvent(event)

    def _paint_quote_bars(self, painter: QPainter) -> None:
        layout = self.document().documentLayout()
        color = self._theme.color("outline")
        block = self.document().firstBlock()
        while block.isValid():
            if block.blockFormat().hasProperty(QTextFormat.Property.BlockQuoteLevel):
                area = layout.blockBoundingRect(block)
                painter.fillRect(QRectF(2, area.top(), _QUOTE_BAR, area.height()), color)
            block = block.next()

    def _write(self, markdown: str) -> None:
        """Replace everything from the tail on."""
        self._has_quotes = self._has_quotes or ">" in markdown
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        cursor.setPosition(self._tail_at)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        if self._tail_at > 0 and not _is_spare(cursor.block()):
            cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
        current = cursor.currentList()
        if current is not None:
            current.remove(cursor.block())
        cursor.setBlockFormat(QTextBlockFormat())
        append_markdown(cursor, markdown, self._style)
        cursor.endEditBlock()

    def _render_again(self) -> None:
        self._style = Style.of(self._theme)
        final, tail = self._final, self._tail
        self._final, self._tail, self._tail_at = [], "", 0
        self.document().clear()
        for markdown in final:
            self.add_final(markdown)
        self.show_tail(tail)

    def _end(self) -> QTextCursor:
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        return cursor

    def _fit(self) -> None:
        height = round(self.document().size().height()) + 1 + 2 * _FOCUS_RING
        if height != self.height():
            self.setFixedHeight(height)


def _is_spare(block: QTextBlock) -> bool:
    """The empty block that Qt keeps after a table."""
    return block.length() <= 1
