from PySide6.QtGui import QTextLayout

from grokdesk.ui.theme import Theme
from grokdesk.ui.widgets.code_block import CodeText
from grokdesk.ui.widgets.highlight import has_colours


def coloured(theme: Theme, line: str) -> dict[str, str]:
    """Which pieces of the line have which colour."""
    code = CodeText(theme, "Code")
    code.add_colours(theme)
    code.show_text(line)
    layout: QTextLayout = code.document().firstBlock().layout()
    return {
        line[part.start : part.start + part.length]: part.format.foreground().color().name()
        for part in layout.formats()
    }


def test_strings_comments_numbers_and_words_are_told_apart(theme: Theme) -> None:
    assert coloured(theme, 'for x in "a # b": y = 42  # why') == {
        "for": theme.tokens.accent,
        "in": theme.tokens.accent,
        '"a # b"': theme.tokens.ok,
        "42": theme.tokens.info,
        "# why": theme.tokens.muted,
    }


def test_addresses_are_not_taken_for_comments_or_numbers(theme: Theme) -> None:
    assert coloured(theme, "curl http://127.0.0.1:18787/v1") == {}


def test_prose_has_no_colours() -> None:
    assert not has_colours("text")
    assert not has_colours("")
    assert has_colours("Python")


def test_the_height_follows_the_number_of_lines(theme: Theme) -> None:
    code = CodeText(theme, "Code")
    code.show()
    code.show_text("one")
    one = code.height()
    code.show_text("one\ntwo\nthree")
    assert code.height() > 2 * one


def test_a_growing_tail_is_replaced_by_what_becomes_final(theme: Theme) -> None:
    code = CodeText(theme, "Code")
    code.append_text("a = 1", "\nb")
    code.append_text("", "\nb = ")
    assert code.toPlainText() == "a = 1\nb = "
    code.append_text("\nb = 2")
    assert code.toPlainText() == "a = 1\nb = 2"
