from hypothesis import given, settings
from hypothesis import strategies as st

from grokdesk.ui.presenters.answer import AnswerSplitter, Code, CodeEnd, CodeStart, Part, Prose


def split(text: str, size: int = 10_000_000) -> list[Part]:
    splitter = AnswerSplitter()
    parts = [
        part for at in range(0, len(text), size) for part in splitter.feed(text[at : at + size])
    ]
    return [*parts, *splitter.finish()]


def code_of(parts: list[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Code))


def test_paragraphs_become_final_when_the_next_one_begins() -> None:
    splitter = AnswerSplitter()
    assert splitter.feed("First.\n\n") == ()
    assert splitter.feed("Second") == ()
    assert splitter.feed(" line\n") == (Prose("First.\n\n"),)
    assert splitter.tail == "Second line\n"


def test_the_growing_block_includes_the_unfinished_line() -> None:
    splitter = AnswerSplitter()
    splitter.feed("Hello wor")
    assert splitter.tail == "Hello wor"


def test_fenced_code_is_passed_on_line_by_line_with_its_language() -> None:
    assert split("Look:\n```python\na = 1\n\nb = 2\n```\nDone") == [
        Prose("Look:\n"),
        CodeStart("python"),
        Code("a = 1"),
        Code("\n"),
        Code("\nb = 2"),
        CodeEnd(),
        Prose("Done\n"),
    ]


def test_code_inside_a_list_loses_the_indentation_of_the_list() -> None:
    parts = split("1. Do\n   ```sh\n   cmd\n     more\n   ```\n2. Next\n")
    assert code_of(parts) == "cmd\n  more"
    assert parts[-1] == Prose("2. Next\n")


def test_a_list_stays_one_block_across_blank_lines() -> None:
    assert split("- a\n\n- b\n\n  more b\n\nAfter\n") == [
        Prose("- a\n\n- b\n\n  more b\n\n"),
        Prose("After\n"),
    ]


def test_fences_within_a_longer_fence_are_code() -> None:
    assert code_of(split("````\n```\ninner\n```\n````\n")) == "```\ninner\n```"


def test_a_half_typed_fence_does_not_flash_up() -> None:
    splitter = AnswerSplitter()
    splitter.feed("Look:\n``")
    assert splitter.tail == "Look:\n"


def test_the_unfinished_line_of_code_is_shown_but_not_a_beginning_fence() -> None:
    splitter = AnswerSplitter()
    splitter.feed("```\na\nb")
    assert splitter.code_tail == "\nb"
    splitter.feed("\n``")
    assert splitter.code_tail == ""


def test_code_that_never_ends_is_closed_at_the_end_of_the_answer() -> None:
    assert split("```\nrm -rf")[-1] == CodeEnd()


def test_a_paragraph_without_end_is_cut_into_blocks() -> None:
    parts = split("word " * 20_000)
    longest = max(len(part.text) for part in parts if isinstance(part, Prose))
    assert longest < 10_000


def test_a_line_of_code_without_end_is_passed_on_in_pieces() -> None:
    parts = split("```\n" + "x" * 50_000 + "\ny\n```\n", 7_000)
    assert code_of(parts) == "x" * 50_000 + "\ny"
    assert len([part for part in parts if isinstance(part, Code)]) > 10


MARKDOWN = st.lists(
    st.sampled_from(
        [
            "```",
            "```py\n",
            "~~~",
            "\n",
            "\n\n",
            "- item",
            "1. one",
            "  ",
            "| a |",
            "text ",
            "`",
            "#",
        ]
    )
    | st.text("ab \n`~", max_size=20),
    max_size=30,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(MARKDOWN, st.integers(1, 9))
def test_the_parts_do_not_depend_on_how_the_text_arrives(text: str, size: int) -> None:
    assert split(text, size) == split(text)


@settings(max_examples=300, deadline=None)
@given(MARKDOWN)
def test_nothing_is_lost_but_fences_and_white_space(text: str) -> None:
    kept = "".join(part.text for part in split(text) if isinstance(part, Prose | Code))
    for letter in "ab|#":
        in_languages = sum(
            part.language.count(letter) for part in split(text) if isinstance(part, CodeStart)
        )
        assert kept.count(letter) + in_languages == text.count(letter)


@settings(max_examples=200, deadline=None)
@given(MARKDOWN)
def test_code_parts_stand_between_their_start_and_end(text: str) -> None:
    inside = False
    for part in split(text):
        if isinstance(part, CodeStart):
            assert not inside
        assert inside or not isinstance(part, Code | CodeEnd)
        inside = isinstance(part, CodeStart) or (inside and not isinstance(part, CodeEnd))
    assert not inside
