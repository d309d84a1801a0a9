"""What responses are kept as, and what memory keeps of them."""

import pytest

from grokdesk.domain.attachment import Attachment, AttachmentKind
from grokdesk.domain.chat import (
    AnswerFormat,
    ChatRequest,
    Citation,
    ConversationRef,
    FinishReason,
    Image,
    ImageProgress,
    Message,
    ReasoningDelta,
    Role,
    SearchSource,
    TextDelta,
    ToolActivity,
)
from grokdesk.domain.tools import Tool, ToolCall, ToolKind, ToolUse
from grokdesk.domain.usage import TokenCount
from grokdesk.kernel.clock import ManualClock
from grokdesk.services.response_jobs import decode_request, encode_request
from grokdesk.services.response_memory import ResponseMemory
from grokdesk.services.response_record import (
    Answer,
    ResponseState,
    StoredResponse,
    decode_answer,
    encode_answer,
    from_row,
    merged,
    to_row,
)

CHUNKS = (
    ReasoningDelta("Hm."),
    ToolActivity("web_search", "copper"),
    SearchSource("https://a.example/", "A"),
    TextDelta("Blue "),
    TextDelta("[[1]](https://a.example/)"),
    Citation(1, "https://a.example/", "A"),
    Image("i", "https://a.example/i.png"),
    ToolCall("c1", "patch", "***", ToolKind.CUSTOM),
)


def response(number=0, text="x", key_id="key"):
    return StoredResponse(
        f"r{number}", key_id, 0.0, b"{}", b"[]", answer=Answer((TextDelta(text),))
    )


def test_an_answer_comes_back_as_it_was_kept():
    answer = Answer(CHUNKS, FinishReason.LENGTH, TokenCount(1, 2, 3), "E", "A problem.", 5.0)
    assert decode_answer(encode_answer(answer)) == answer


def test_chunks_that_nobody_needs_again_are_not_kept():
    passing = (ImageProgress("i", 50), ConversationRef("c", "r"))
    assert merged((*passing, TextDelta("x"))) == (TextDelta("x"),)
    assert decode_answer(encode_answer(Answer(passing))).chunks == ()


def test_neighbouring_texts_are_joined_and_the_rest_keeps_its_place():
    assert merged(
        (
            ReasoningDelta("a"),
            ReasoningDelta("b"),
            TextDelta("c"),
            TextDelta("d"),
            CHUNKS[5],
            TextDelta("e"),
        )
    ) == (ReasoningDelta("ab"), TextDelta("cd"), CHUNKS[5], TextDelta("e"))


def test_halves_of_a_character_are_joined_before_they_are_kept():
    answer = Answer((TextDelta("\ud83e"), TextDelta("\uddea"), ReasoningDelta("x\ud83e")))
    assert decode_answer(encode_answer(answer)).chunks == (
        TextDelta("\U0001f9ea"),
        ReasoningDelta("x\ufffd"),
    )


def test_a_response_survives_the_way_to_a_row_and_back():
    kept = StoredResponse("r", "k", 1.0, b"{}", b"[]", "p", True, answer=Answer(CHUNKS))
    assert from_row(to_row(kept)) == kept


def test_a_job_is_kept_with_its_request_and_no_answer():
    queued = StoredResponse("r", "k", 1.0, b"{}", b"[]", state=ResponseState.QUEUED)
    row = to_row(queued, b"request")
    assert (row.request, row.answer, row.state) == (b"request", None, "queued")
    assert from_row(row) == queued


def test_a_request_comes_back_as_it_was_kept():
    picture = Attachment(AttachmentKind.IMAGE, b"\x00\xff", mime="image/png", param="input[0]")
    request = ChatRequest(
        "grok-fast",
        (
            Message(Role.USER, "Hi", attachments=(picture,)),
            Message(Role.ASSISTANT, "", calls=(ToolCall("c", "patch", "***", ToolKind.CUSTOM),)),
            Message(Role.TOOL, "done", name="patch", call_id="c"),
        ),
        temperature=0.0,
        max_tokens=5,
        stop=("END",),
        tools=ToolUse((Tool("patch", "Patches.", kind=ToolKind.CUSTOM),), only="patch"),
        answer_format=AnswerFormat({"type": "object"}, "x"),
        deepsearch="deeper",
    )
    assert decode_request(encode_request(request)) == request


@pytest.fixture
def clock():
    return ManualClock()


def test_memory_gives_back_what_was_put(clock):
    memory = ResponseMemory(clock)
    memory.put(response())
    assert memory.get("r0") == response()
    assert memory.get("r1") is None


def test_memory_keeps_so_many_and_drops_what_was_not_looked_at(clock):
    memory = ResponseMemory(clock, responses=3)
    for number in range(3):
        memory.put(response(number))
    memory.get("r0")
    memory.put(response(3))
    assert [memory.get(f"r{number}") is not None for number in range(4)] == [
        True,
        False,
        True,
        True,
    ]


def test_memory_keeps_so_many_bytes(clock):
    memory = ResponseMemory(clock, size=10_000)
    for number in range(10):
        memory.put(response(number, "x" * 1000))
    kept = [number for number in range(10) if memory.get(f"r{number}")]
    assert kept == [6, 7, 8, 9]


def test_a_response_that_is_too_large_for_memory_is_not_kept(clock):
    memory = ResponseMemory(clock, size=10_000)
    memory.put(response(0, "x" * 10_000))
    assert memory.get("r0") is None
    memory.put(response(1))
    assert memory.get("r1") is not None


def test_memory_keeps_for_an_hour_after_the_last_look(clock):
    memory = ResponseMemory(clock)
    memory.put(response(0))
    memory.put(response(1))
    clock.advance(3000)
    assert memory.get("r0")
    clock.advance(1000)
    assert memory.get("r0")
    assert memory.get("r1") is None


def test_memory_forgets_what_is_unwanted(clock):
    memory = ResponseMemory(clock)
    memory.put(response(0, key_id="gone"))
    memory.put(response(1))
    memory.drop_where(lambda kept: kept.key_id == "gone")
    assert memory.get("r0") is None
    assert memory.get("r1")
