"""A little colour for code: comments, strings, numbers and common words of any language."""

import re

from PySide6.QtGui import QSyntaxHighlighter, QTextCharFormat, QTextDocument

from grokdesk.ui.theme import Theme

_LONGEST_LINE = 2_000
_WORDS = (
    "and as async await break case catch class const continue def default defer del do done echo "
    "elif else end enum except export extends false False finally fn for from func function go if "
    "impl import in instanceof interface is lambda let match mod mut new nil None not null or pass "
    "package private protected pub public raise return select self static struct super switch then "
    "this throw trait true True try type typeof undefined use var void where while with yield "
    "SELECT FROM WHERE INSERT UPDATE DELETE JOIN ON GROUP ORDER BY AND OR NOT NULL"
)
# The first alternative that matches wins, so a `#` in a string is no comment.
_TOKENS = re.compile(
    r"(?P<string>\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`)"
    r"|(?P<comment>(?:(?<=\s)|^)(?:#|//|--\s).*$|/\*.*?\*/)"
    r"|(?P<number>(?<![\w./:])\d[\d_.]*(?:[eE][+-]?\d+)?\b|\b0x[0-9a-fA-F]+\b)"
    rf"|(?P<word>\b(?:{_WORDS.replace(' ', '|')})\b)"
)
_TONES = {"string": "ok", "comment": "muted", "number": "info", "word": "accent"}
_PLAIN = frozenset({"", "text", "txt", "plain", "markdown", "md", "output", "console", "log"})


class Highlighter(QSyntaxHighlighter):
    """Line by line and from one table: good enough to read, cheap enough to stream."""

    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        super().__init__(document)
        self._theme = theme
        self._formats: dict[str, QTextCharFormat] = {}
        self._adopt()
        theme.changed.connect(self._repaint)

    def highlightBlock(self, text: str) -> None:
        for token in _TOKENS.finditer(text[:_LONGEST_LINE]):
            kind = token.lastgroup or ""
            self.setFormat(token.start(), token.end() - token.start(), self._formats[kind])

    def _adopt(self) -> None:
        for kind, tone in _TONES.items():
            made = QTextCharFormat()
            made.setForeground(self._theme.color(tone))
            self._formats[kind] = made

    def _repaint(self) -> None:
        self._adopt()
        self.rehighlight()


def has_colours(language: str) -> bool:
    """Whether text of this language is code at all."""
    return language.lower() not in _PLAIN
