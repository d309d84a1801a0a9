"""Markdown from upstream is untrusted: what may be drawn, read and opened."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from desk import Desk, button, click, dialog
from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QImage, QTextCharFormat, QTextFormat
from PySide6.QtWidgets import QPlainTextEdit

from grokdesk.ui.dialogs.link import LinkDialog
from grokdesk.ui.theme import Theme
from grokdesk.ui.widgets.markdown_copy import is_web_address
from grokdesk.ui.widgets.prose_view import ProseView

ATTACKS = (
    "<img src='file://{canary}'>",
    '<img src="{canary}">',
    "![x](file://{canary})",
    "![x]({canary})",
    "![x](<{canary}>)",
    "![x](http://127.0.0.1:9/beacon.png)",
    "![x](//127.0.0.1/share.png)",
    "![x](data:image/png;base64,iVBORw0KGgo=)",
    "![x](qrc:/qt-project.org/qmessagebox/images/qtlogo-64.png)",
    "![x](:/qt-project.org/qmessagebox/images/qtlogo-64.png)",
    "[![x]({canary})](file://{canary})",
    "![x][ref]\n\n[ref]: file://{canary}",
    "<object data='file://{canary}'></object>",
    "<link rel=stylesheet href='file://{canary}'>",
    "<style>body {{ background-image: url({canary}) }}</style>",
    "<table background='{canary}'><tr><td>x</td></tr></table>",
    "| a |\n|---|\n| ![x]({canary}) |",
    "- ![x]({canary})",
    "> ![x]({canary})",
    "# ![x]({canary})",
    "<p>![x]({canary})</p>",
    "&lt;img src={canary}&gt;",
)
LINKS = (
    "file:///etc/passwd",
    "javascript:alert(1)",
    "smb://host/share",
    "\\\\host\\share",
    "//host/share",
    "data:text/html,x",
    "vscode://open",
    "mailto:a@b.c",
    "http:",
    "https://",
    "httpx://host",
    "relative/path",
    "#anchor",
    "",
)


@pytest.fixture
def view(theme: Theme) -> ProseView:
    return ProseView(theme)


def formats(view: ProseView) -> list[QTextCharFormat]:
    """The character formats of all pieces of text, tables included."""
    found: list[QTextCharFormat] = []
    block = view.document().begin()
    while block.isValid():
        piece = block.begin()
        while not piece.atEnd():
            found.append(piece.fragment().charFormat())
            piece += 1
        block = block.next()
    return found


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_picture_gets_into_the_document(view: ProseView, attack: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary.png"
    QImage(8, 8, QImage.Format.Format_RGB32).save(str(canary))
    view.add_final(attack.format(canary=canary))
    for piece in formats(view):
        assert not piece.isImageFormat()
    for kind in QTextFormat.ObjectTypes:
        if kind is not QTextFormat.ObjectTypes.NoObject:
            assert all(piece.objectType() != kind.value for piece in formats(view))
    assert "\ufffc" not in view.toPlainText()


def test_inline_html_is_shown_as_the_text_it_is(view: ProseView) -> None:
    view.add_final("Raw <b>bold</b> and <img src='file:///etc/passwd'>")
    assert view.toPlainText() == "Raw <b>bold</b> and <img src='file:///etc/passwd'>"
    assert "<img" not in view.document().toHtml().split("<body")[1].replace("&lt;", "")


@pytest.mark.parametrize("href", LINKS)
def test_only_addresses_of_the_web_become_links(view: ProseView, href: str) -> None:
    assert not is_web_address(href)
    view.add_final(f"[click]({href}) and [again](<{href}>)")
    assert not any(piece.isAnchor() for piece in formats(view))


def test_web_addresses_become_links(view: ProseView) -> None:
    view.add_final("See [the page](https://example.org/a?b=c#d).")
    hrefs = [piece.anchorHref() for piece in formats(view) if piece.isAnchor()]
    assert hrefs == ["https://example.org/a?b=c#d"]


def test_no_resource_is_ever_loaded(view: ProseView) -> None:
    assert view.loadResource(2, QUrl("file:///etc/passwd")) is None


def test_rendering_hostile_markdown_opens_no_file(tmp_path: Path) -> None:
    """Seen from outside: the system calls of a process that renders and paints all attacks."""
    canary = tmp_path / "canary-picture.png"
    trace = tmp_path / "trace"
    script = textwrap.dedent(
        f"""
        from PySide6.QtGui import QImage
        from PySide6.QtWidgets import QApplication
        app = QApplication([])
        QImage(8, 8, QImage.Format.Format_RGB32).save({str(canary)!r})
        from grokdesk.ui.theme import Theme
        from grokdesk.ui.widgets.prose_view import ProseView
        open({str(tmp_path / "begin")!r}, "w").close()
        view = ProseView(Theme(app))
        for attack in {ATTACKS!r}:
            view.show_tail(attack.format(canary={str(canary)!r}))
            view.add_final(attack.format(canary={str(canary)!r}))
        view.resize(600, 600)
        view.show()
        view.grab()
        app.processEvents()
        """
    )
    command = ["strace", "-f", "-e", "trace=open,openat,connect,stat,newfstatat", "-o", str(trace)]
    subprocess.run([*command, sys.executable, "-c", script], check=True, timeout=100)
    after = trace.read_text().split("/begin", 1)[1]
    assert "canary" not in after
    assert "connect(" not in after


@pytest.mark.parametrize("steps", [1, 3, 17, 1000])
def test_streaming_ends_in_the_same_document_as_rendering_at_once(
    view: ProseView, theme: Theme, steps: int
) -> None:
    from grokdesk.ui.presenters.answer import AnswerSplitter, Prose

    markdown = Path(__file__).with_name("answer.md").read_text().replace("```", "''")
    splitter = AnswerSplitter()
    for at in range(0, len(markdown), steps):
        for part in splitter.feed(markdown[at : at + steps]):
            assert isinstance(part, Prose)
            view.add_final(part.text)
        view.show_tail(splitter.tail)
    for part in splitter.finish():
        assert isinstance(part, Prose)
        view.add_final(part.text)
    whole = ProseView(theme)
    for part in AnswerSplitter().feed(markdown + "\n\nx\n"):
        assert isinstance(part, Prose)
        whole.add_final(part.text)
    assert view.toPlainText() == whole.toPlainText()
    assert view.document().toMarkdown() == whole.document().toMarkdown()


def test_headings_lists_tables_quotes_and_rules_survive(view: ProseView) -> None:
    view.add_final(
        "## Title\n\n3. three\n4. four\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n> said\n\n---\n"
    )
    blocks = []
    block = view.document().begin()
    while block.isValid():
        blocks.append(block)
        block = block.next()
    assert blocks[0].blockFormat().headingLevel() == 2
    assert blocks[1].textList().itemText(blocks[1]) == "3."
    assert blocks[2].textList().itemText(blocks[2]) == "4."
    quote = QTextFormat.Property.BlockQuoteLevel
    assert any(b.text() == "said" and b.blockFormat().hasProperty(quote) for b in blocks)
    rule = QTextFormat.Property.BlockTrailingHorizontalRulerWidth
    assert any(b.blockFormat().hasProperty(rule) for b in blocks)
    assert "|1|2|" in view.document().toMarkdown().replace(" ", "")


def test_a_rule_survives_what_streams_in_after_it(view: ProseView) -> None:
    view.add_final("---\n\n")
    for tail in ("N", "Ne", "Next"):
        view.show_tail(tail)
    view.add_final("Next\n")
    rule = QTextFormat.Property.BlockTrailingHorizontalRulerWidth
    assert view.document().begin().blockFormat().hasProperty(rule)


def test_a_change_of_scheme_renders_everything_again(theme: Theme) -> None:
    from grokdesk.ui.theme import ThemeChoice
    from grokdesk.ui.tokens import DARK, LIGHT

    theme.choose(ThemeChoice.DARK)
    view = ProseView(theme)
    view.add_final("Final.\n\n")
    view.show_tail("Growing")
    theme.choose(ThemeChoice.LIGHT)
    assert view.toPlainText() == "Final.\nGrowing"
    colours = {piece.foreground().color().name() for piece in formats(view)}
    assert colours == {LIGHT.text}
    assert DARK.text not in colours


class Opener(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url.toString())


async def test_a_link_is_shown_in_full_and_opened_only_when_confirmed(bare: Desk) -> None:
    from grokdesk.ui.pages.playground import PlaygroundPage

    page = bare.show(PlaygroundPage(bare.kit))
    opener = Opener()
    QDesktopServices.setUrlHandler("https", opener, "open")
    try:
        page._ask_about_link("https://аррle.com/path?q=1")  # noqa: RUF001 - Cyrillic on purpose
        asked = dialog(page, LinkDialog)
        shown = asked.findChildren(QPlainTextEdit)[0].toPlainText()
        assert shown == "https://xn--le-6kc8da.com/path?q=1" or shown.startswith("https://xn--")
        click(button(asked, "Cancel"))
        assert opener.opened == []
        page._ask_about_link("https://example.org/a")
        click(button(dialog(page, LinkDialog), "Open in browser"))
        assert opener.opened == ["https://example.org/a"]
    finally:
        QDesktopServices.unsetUrlHandler("https")
