import dataclasses

import pytest

from grokdesk.domain import chat


def test_a_request_starts_without_limits_or_sampling():
    request = chat.ChatRequest("grok", (chat.Message(chat.Role.USER, "hello"),))
    values = dataclasses.astuple(request)[2:]
    assert not any(values)
    assert request.temperature is request.max_tokens is request.tools is None


def test_a_reply_stops_by_itself_unless_it_says_otherwise():
    assert chat.Finish().reason is chat.FinishReason.STOP


def test_an_unknown_conversation_is_two_empty_strings():
    assert chat.ConversationRef() == chat.ConversationRef("", "")


@pytest.mark.parametrize(
    "chunk",
    [chat.TextDelta("a"), chat.ReasoningDelta("a"), chat.Citation(1, "u"), chat.Image("i", "u")],
)
def test_what_belongs_to_the_answer_forbids_a_retry(chunk):
    assert isinstance(chunk, chat.ANSWER_CHUNKS)


@pytest.mark.parametrize(
    "chunk",
    [
        chat.SearchSource("u"),
        chat.ToolActivity("web_search"),
        chat.ImageProgress("i", 10),
        chat.ConversationRef(),
        chat.Finish(),
    ],
)
def test_what_accompanies_the_answer_does_not_forbid_a_retry(chunk):
    assert not isinstance(chunk, chat.ANSWER_CHUNKS)


def test_roles_read_as_clients_write_them():
    assert [chat.Role(name) for name in ("system", "user", "assistant", "tool")] == list(chat.Role)


def test_chunks_cannot_be_changed_on_their_way():
    with pytest.raises(dataclasses.FrozenInstanceError):
        chat.TextDelta("a").text = "b"
