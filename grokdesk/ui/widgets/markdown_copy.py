"""Carries parsed Markdown into a document, copying only what is known to be harmless.

Qt's own import would bring along pictures (which are loaded, from disk too), links of any scheme
and whatever a later Qt adds. Here text, emphasis, headings, lists, quotes, rules, tables and
links to web pages are copied one by one; everything else becomes plain text.
"""

from dataclasses import dataclass

from PySide6.QtCore import QUrl
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrame,
    QTextFrameFormat,
    QTextLength,
    QTextList,
    QTextListFormat,
    QTextTable,
    QTextTableFormat,
)

from grokdesk.ui.theme import Theme

_FEATURES = (
    QTextDocument.MarkdownFeature.MarkdownDialectGitHub
    | QTextDocument.MarkdownFeature.MarkdownNoHTML
)
_WEB = ("http", "https")
_HEADING_RATIOS = {1: 1.45, 2: 1.25, 3: 1.1}
_LINE_HEIGHT = 140.0
_PARAGRAPH_GAP, _ITEM_GAP, _HEADING_GAP = 10, 4, 16
_QUOTE_INDENT = 16
_NOTHING = "\u00a0"


@dataclass(frozen=True, slots=True)
class Style:
    """Fonts and colours of rendered Markdown."""

    body: QFont
    mono: QFont
    text: QColor
    muted: QColor
    link: QColor
    code_ground: QColor
    line: QColor

    @classmethod
    def of(cls, theme: Theme) -> "Style":
        return cls(
            body=theme.font(1.03),
            mono=theme.mono(0.97),
            text=theme.color("text"),
            muted=theme.color("muted"),
            link=theme.color("accent"),
            code_ground=theme.color("raised"),
            line=theme.color("line"),
        )


def append_markdown(cursor: QTextCursor, markdown: str, style: Style) -> None:
    """Write at the cursor, which stands in the empty last block of its document."""
    parsed = QTextDocument()
    parsed.setMarkdown(markdown, _FEATURES)
    _Copy(cursor, style).frame(parsed.rootFrame())


def is_web_address(href: str) -> bool:
    url = QUrl(href, QUrl.ParsingMode.StrictMode)
    return url.isValid() and url.scheme().lower() in _WEB and bool(url.host())


class _Copy:
    def __init__(self, cursor: QTextCursor, style: Style) -> None:
        self._cursor = cursor
        self._style = style
        self._lists: dict[int, QTextList] = {}
        self._fresh = True
        """The cursor stands in an empty block that is to be used."""

    def frame(self, frame: QTextFrame) -> None:
        iterator = frame.begin()
        while not iterator.atEnd():
            inner = iterator.currentFrame()
            if isinstance(inner, QTextTable):
                self._table(inner)
            elif iterator.currentBlock().isValid():
                self._block(iterator.currentBlock())
            else:
                self.frame(inner)
            iterator += 1

    def _block(self, block: QTextBlock) -> None:
        if not block.text().strip() and not _is_rule(block) and _list_of(block) is None:
            return  # Qt's importer leaves these around tables and at the end
        self._open_block(self._block_format(block))
        self._enter_list(block)
        base = self._char_format(block.blockFormat())
        if _is_rule(block):
            # Qt drops the format of an empty block when what follows it is removed.
            self._cursor.insertText(_NOTHING, base)
        self._fragments(block, base)

    def _open_block(self, block_format: QTextBlockFormat) -> None:
        if self._fresh:
            self._cursor.setBlockFormat(block_format)
            self._cursor.setBlockCharFormat(QTextCharFormat())
            self._fresh = False
        else:
            self._cursor.insertBlock(block_format, QTextCharFormat())
            if self._cursor.currentList() is not None:
                self._cursor.currentList().remove(self._cursor.block())
                self._cursor.setBlockFormat(block_format)

    def _block_format(self, block: QTextBlock) -> QTextBlockFormat:
        source = block.blockFormat()
        made = QTextBlockFormat()
        made.setLineHeight(_LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        made.setBottomMargin(_ITEM_GAP if block.textList() is not None else _PARAGRAPH_GAP)
        if level := source.headingLevel():
            made.setHeadingLevel(level)
            made.setTopMargin(_HEADING_GAP)
            made.setBottomMargin(_PARAGRAPH_GAP - 2)
        if quote := source.intProperty(QTextFormat.Property.BlockQuoteLevel):
            made.setProperty(QTextFormat.Property.BlockQuoteLevel, quote)
            made.setLeftMargin(quote * _QUOTE_INDENT)
        rule = QTextFormat.Property.BlockTrailingHorizontalRulerWidth
        if source.hasProperty(rule):
            made.setProperty(rule, QTextLength(QTextLength.Type.PercentageLength, 100))
            made.setBackground(QBrush(self._style.line))
        if source.marker() is not QTextBlockFormat.MarkerType.NoMarker:
            made.setMarker(source.marker())
        return made

    def _char_format(self, block_format: QTextBlockFormat) -> QTextCharFormat:
        made = QTextCharFormat()
        font = QFont(self._style.body)
        if level := block_format.headingLevel():
            font.setPointSizeF(font.pointSizeF() * _HEADING_RATIOS.get(level, 1.0))
            font.setWeight(QFont.Weight.DemiBold)
        made.setFont(font)
        quoted = block_format.hasProperty(QTextFormat.Property.BlockQuoteLevel)
        made.setForeground(self._style.muted if quoted else self._style.text)
        return made

    def _enter_list(self, block: QTextBlock) -> None:
        source = _list_of(block)
        if source is None:
            self._lists = {}
            return
        known = self._lists.get(source.objectIndex())
        if known is not None:
            known.add(self._cursor.block())
            return
        wanted = QTextListFormat()
        wanted.setStyle(source.format().style())
        wanted.setIndent(source.format().indent())
        wanted.setStart(source.format().start())
        wanted.setNumberSuffix(source.format().numberSuffix() or ".")
        self._lists[source.objectIndex()] = self._cursor.createList(wanted)

    def _fragments(self, block: QTextBlock, base: QTextCharFormat) -> None:
        iterator = block.begin()
        while not iterator.atEnd():
            fragment = iterator.fragment()
            self._fragment(fragment.text(), fragment.charFormat(), base)
            iterator += 1

    def _fragment(self, words: str, source: QTextCharFormat, base: QTextCharFormat) -> None:
        if source.isImageFormat():
            self._cursor.insertText(_picture(source), base)
            return
        made = QTextCharFormat(base)
        if source.fontFixedPitch():
            made.setFont(self._style.mono)
            made.setBackground(self._style.code_ground)
        if source.fontWeight() > QFont.Weight.Normal:
            made.setFontWeight(QFont.Weight.DemiBold)
        made.setFontItalic(source.fontItalic())
        made.setFontStrikeOut(source.fontStrikeOut())
        href = source.anchorHref()
        if href and is_web_address(href):
            made.setAnchor(True)
            made.setAnchorHref(href)
            made.setForeground(self._style.link)
            made.setFontUnderline(True)
        self._cursor.insertText(words.replace("\ufffc", ""), made)

    def _table(self, source: QTextTable) -> None:
        wanted = QTextTableFormat()
        wanted.setCellPadding(7)
        wanted.setCellSpacing(0)
        wanted.setBorder(1)
        wanted.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        wanted.setBorderCollapse(True)
        wanted.setBorderBrush(QBrush(self._style.line))
        wanted.setTopMargin(4)
        wanted.setBottomMargin(_PARAGRAPH_GAP)
        wanted.setHeaderRowCount(1)
        table = self._cursor.insertTable(source.rows(), source.columns(), wanted)
        for line in range(source.rows()):
            for place in range(source.columns()):
                self._cell(source, table, line, place)
        self._cursor.movePosition(QTextCursor.MoveOperation.End)
        self._fresh = True
        self._lists = {}

    def _cell(self, source: QTextTable, table: QTextTable, line: int, place: int) -> None:
        block = source.cellAt(line, place).firstCursorPosition().block()
        inside = _Copy(table.cellAt(line, place).firstCursorPosition(), self._style)
        made = QTextBlockFormat()
        made.setAlignment(block.blockFormat().alignment())
        inside._cursor.setBlockFormat(made)
        inside._fragments(block, self._char_format(QTextBlockFormat()))


def _list_of(block: QTextBlock) -> QTextList | None:
    return block.textList()


def _is_rule(block: QTextBlock) -> bool:
    return block.blockFormat().hasProperty(QTextFormat.Property.BlockTrailingHorizontalRulerWidth)


def _picture(source: QTextCharFormat) -> str:
    """A picture is named, never loaded."""
    image = source.toImageFormat()
    words = image.property(QTextFormat.Property.ImageAltText) or ""
    return f"[picture: {words or image.name()}]"
