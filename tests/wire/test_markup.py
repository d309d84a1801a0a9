import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokdesk.upstream.web.wire.markup import ELEMENT_LIMIT, MarkupFilter, Render

CITE = '<grok:render card_id="c1" card_type="citation_card" type="render_inline_citation">'
ARGUMENT = '<argument name="citation_id">0</argument></grok:render>'


def run(*texts):
    """What comes out while streaming, and what is released at the end."""
    markup = MarkupFilter()
    streamed = [piece for text in texts for piece in markup.feed(text)]
    return streamed, markup.flush()


def joined(*texts):
    """All pieces, with neighbouring texts as one."""
    pieces = []
    for piece in (piece for part in run(*texts) for piece in part):
        if pieces and isinstance(piece, str) and isinstance(pieces[-1], str):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


def test_text_without_markup_passes_at_once():
    assert run("a", "b < c", " d") == (["a", "b < c", " d"], [])


def test_a_citation_becomes_a_place_in_the_text():
    place = Render("c1", "render_inline_citation")
    assert run(f"blue{CITE}{ARGUMENT} and") == (["blue", place, " and"], [])


def test_an_element_without_content_may_close_itself():
    assert run("<grok:render card_id='c1' type='x'/>!") == ([Render("c1", "x"), "!"], [])


def test_an_element_without_attributes_refers_to_nothing():
    assert run("<grok:render></grok:render>") == ([Render("", "")], [])


@pytest.mark.parametrize(
    "element",
    [
        "<xaiartifact id='1'>x = 1</xaiartifact>",
        "<xai:tool_usage_card><xai:tool_name>web</xai:tool_name></xai:tool_usage_card>",
        "<xaiartifact/>",
    ],
)
def test_artifacts_and_tool_cards_vanish(element):
    assert joined(f"a{element}b") == ["ab"]


@pytest.mark.parametrize(
    "text", ["<", "a <table> b", "<grok:rendering>", "<xai>", "1<2<3", "<<<", "<xai:tool_box>"]
)
def test_what_only_looks_like_markup_stays(text):
    assert joined(*text) == [text]
    assert joined(text) == [text]


def test_text_is_held_only_while_it_may_become_an_element():
    markup = MarkupFilter()
    assert markup.feed("a <gro") == ["a "]
    assert markup.holding
    assert markup.feed("up>") == ["<group>"]
    assert not markup.holding


@pytest.mark.parametrize(
    "text",
    ["so it goes <gro", "a<grok:render card_id='1'", f"b{CITE}<argument", "<xaiartifact>x=1"],
)
def test_the_end_of_the_text_releases_what_was_held(text):
    assert joined(*text) == [text]


def test_a_tool_card_is_not_even_released_at_the_end():
    assert joined("a <xai:tool_usage_card>{") == ["a "]
    assert joined("a <grok:render <xai:tool_usage_card>{") == ["a <grok:render "]


def test_an_element_that_never_closes_is_text_after_all():
    text = f"a{CITE}{'x' * ELEMENT_LIMIT} end"
    assert joined(text) == [text]
    assert joined(*(text[i : i + 9000] for i in range(0, len(text), 9000))) == [text]


_FRAGMENTS = st.sampled_from(
    [
        *(CITE, ARGUMENT, "<grok:render", "</grok:render>", "card_id='7'"),
        *("<xaiartifact>", "</xaiartifact>", "<xai:tool_usage_card>", "</xai:tool_usage_card>"),
        *("<", ">", "/>", " ", "a", "ü", "\n"),
    ]
)


@given(st.lists(_FRAGMENTS, max_size=25), st.integers(1, 7))
def test_any_split_gives_the_same_pieces(fragments, size):
    text = "".join(fragments)
    assert joined(*(text[i : i + size] for i in range(0, len(text), size))) == joined(text)
