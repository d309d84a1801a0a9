import itertools
import json

import pytest

from grokdesk.domain.chat import (
    Citation,
    ConversationRef,
    Finish,
    Image,
    ReasoningDelta,
    SearchSource,
    TextDelta,
    ToolActivity,
)
from grokdesk.domain.errors import (
    AntiBotError,
    IncompleteReplyError,
    ProtocolChangedError,
    UpstreamUnavailableError,
)
from grokdesk.domain.quota import Mode
from grokdesk.upstream.web.wire import mgw
from grokdesk.upstream.web.wire.facts import Origins
from grokdesk.upstream.web.wire.mgw import MgwTurn

SESSION = "0b7f3c52-9d11-4d0a-bf10-6f1f2f3a4b5c"
CREATED = {"type": "session.created"}
ATTACHED = {"type": "conversation.attached", "conversation": {"id": SESSION}}
DONE = {"type": "response.done", "response": {"id": "r1", "status": "completed"}}


def turn(mode=Mode.FAST, prompt="Hi", ids=("e1", "m1"), at_ms=1, **options):
    ids = itertools.chain(ids, itertools.repeat("more"))
    return MgwTurn(mode, prompt, new_id=lambda: next(ids), now_ms=lambda: at_ms, **options)


def frame(event, session_id=SESSION):
    return json.dumps({"session_id": session_id, "event": event})


def asked(**options):
    """A turn whose question has been sent."""
    begun = turn(**options)
    begun.start()
    begun.receive(frame(CREATED))
    begun.receive(frame(ATTACHED))
    return begun


def answer(text, channel="CHANNEL_ASSISTANT_RESPONSE"):
    return {"type": "response.chunk", "chunk": {"text": {"text": text, "channel": channel}}}


def reply(*events, **options):
    """The parts of a reply after the question."""
    begun = asked(**options)
    return [part for event in events for part in begun.receive(frame(event)).chunks]


class TestOurFrames:
    def test_a_new_turn_sends_what_was_recorded(self, sample):
        recorded = [json.loads(line) for line in sample("mgw-client-new.ndjson").splitlines()]
        create, item, response, ping = recorded
        begun = turn(
            Mode.FAST,
            item["event"]["item"]["x_grok"]["input_chunks"][0]["text"]["text"],
            ids=(
                create["event"]["event_id"].removeprefix("evt_init_"),
                item["event"]["item"]["x_grok"]["client_message_id"],
            ),
            at_ms=1786500000123,
        )
        assert json.loads(begun.start()) == create
        assert begun.receive(frame(CREATED)).send == []
        sent = begun.receive(frame(ATTACHED)).send
        assert [json.loads(text) for text in sent] == [item, response]
        assert json.loads(begun.heartbeat())["event"]["event_id"] == "evt_hb_1786500000123"
        assert json.loads(begun.heartbeat())["event"]["type"] == ping["event"]["type"]
        assert json.loads(begun.heartbeat()).keys() == ping.keys()

    def test_a_continued_turn_with_a_file_sends_what_was_recorded(self, sample):
        lines = sample("mgw-client-continue-with-file.ndjson").splitlines()
        create, item, response = (json.loads(line) for line in lines)
        begun = turn(
            Mode.EXPERT,
            "Summarise the file.",
            ids=(
                create["event"]["event_id"].removeprefix("evt_init_"),
                item["event"]["item"]["x_grok"]["client_message_id"],
            ),
            at_ms=1786500100000,
            file_ids=["file-meta-0001"],
            resume=ConversationRef(SESSION, item["event"]["parent_response_id"]),
        )
        assert json.loads(begun.start()) == create
        begun.receive(frame(ATTACHED))
        sent = begun.receive(frame(CREATED)).send
        assert [json.loads(text) for text in sent] == [item, response]

    def test_the_question_waits_for_both_confirmations_and_is_asked_once(self):
        begun = turn()
        assert begun.receive(frame(ATTACHED)).send == []
        assert len(begun.receive(frame(CREATED)).send) == 2
        assert begun.receive(frame(CREATED)).send == []
        assert begun.receive(frame(ATTACHED)).send == []

    def test_the_conversation_is_known_as_soon_as_the_question_is_asked(self):
        begun = turn()
        begun.receive(frame(CREATED))
        assert begun.receive(frame(ATTACHED)).chunks == [ConversationRef(SESSION)]

    def test_a_confirmation_for_somebody_else_is_ignored(self):
        begun = turn()
        begun.receive(frame({**CREATED, "client_event_id": "evt_init_other"}, "other-session"))
        assert begun.receive(frame(ATTACHED)).send == []
        assert len(begun.receive(frame({**CREATED, "client_event_id": "evt_init_e1"})).send) == 2

    def test_without_a_session_id_the_conversation_names_the_session(self):
        begun = turn()
        begun.receive(frame(CREATED, session_id=None))
        sent = begun.receive(frame(ATTACHED, session_id=None)).send
        assert json.loads(sent[0])["session_id"] == SESSION

    @pytest.mark.parametrize("resume", [None, ConversationRef("another", "r0")])
    def test_another_conversation_than_ours_ends_the_turn(self, resume):
        begun = turn(resume=resume)
        begun.receive(frame(CREATED))
        attached = {"type": "conversation.attached", "conversation": {"id": "foreign"}}
        step = begun.receive(frame(attached))
        assert (step.done, step.send) == (True, [])
        assert isinstance(step.chunks[-1], ProtocolChangedError)


class TestTheReply:
    def test_channels_tell_answer_from_thinking(self):
        assert reply(
            answer("a", "CHANNEL_ANALYSIS"),
            answer("b", "CHANNEL_REASONING_SUMMARY"),
            answer("c", "CHANNEL_DEBUG"),
            answer("d", ""),
            answer("e", None),
            answer("f"),
            DONE,
        ) == [
            ReasoningDelta("a"),
            ReasoningDelta("b"),
            TextDelta("d"),
            TextDelta("e"),
            TextDelta("f"),
            ConversationRef(SESSION, "r1"),
            Finish(),
        ]

    def test_the_other_form_of_deltas_is_answer_too(self):
        parts = reply(
            {"type": "response.output_text.delta", "delta": "a"},
            {"type": "response.output_text.done", "text": "a whole"},
            DONE,
        )
        assert parts[:-2] == [TextDelta("a")]

    def test_the_whole_text_counts_only_when_nothing_was_streamed(self):
        parts = reply({"type": "response.output_text.done", "text": "whole"}, DONE)
        assert parts[:-2] == [TextDelta("whole")]

    def test_tools_sources_and_citations(self):
        tool = {"tool_usage_card_id": "k1", "web_search": {"args": {"query": "salt"}}}
        pages = {"web_search": {"webpages": [{"url": "https://a.example/", "title": "A"}]}}
        post = {"userhandle": "ann", "name": "Ann", "text": "Blue!", "post_id": "7"}
        citation = {"id": "1", "kind": "CITATION_KIND_WEB_PAGE", "url": "https://a.example/"}
        extra = {"url": "https://b.example/", "title": "B"}
        chunks = [
            {"tool_usage_card": tool},
            {"tool_result": pages},
            {"tool_result": {"x_post": {"posts": [post]}}},
            {"text": {"text": "Blue"}},
            {"render_citation": citation},
        ]
        parts = reply(
            *({"type": "response.chunk", "chunk": chunk} for chunk in chunks),
            {"type": "response.search.result", "result": extra},
            DONE,
        )
        assert parts[:-2] == [
            ToolActivity("web_search", "salt"),
            SearchSource("https://a.example/", "A"),
            SearchSource("https://x.com/ann/status/7", "Blue!"),
            TextDelta("Blue"),
            TextDelta(" [[1]](https://a.example/)"),
            Citation(1, "https://a.example/", "A"),
            SearchSource("https://b.example/", "B"),
        ]

    def test_old_markup_in_the_text_is_cleaned(self):
        card = {"id": "c1", "type": "render_inline_citation", "url": "https://a.example/"}
        parts = reply(
            {"type": "response.grok.output", "output": {"card_attachment": {"jsonData": card}}},
            answer('Blue<grok:render card_id="c1" type="render_inline_citation">'),
            answer("</grok:render>."),
            DONE,
        )
        shown = "".join(part.text for part in parts if isinstance(part, TextDelta))
        assert shown == "Blue [[1]](https://a.example/)."

    def test_pictures_of_a_local_upstream_stay_local(self):
        drawn = {"imageUuid": "p1", "imageUrl": "a.jpg", "progress": 100}
        card = {"jsonData": {"id": "g1", "image_chunk": drawn}}
        parts = reply(
            {"type": "response.grok.output", "output": {"card_attachment": card}},
            origins=Origins.of("http://127.0.0.1:8080"),
        )
        assert parts == [Image("p1", "http://127.0.0.1:8080/a.jpg")]

    @pytest.mark.parametrize(
        "event",
        [
            {"type": "brand.new", "chunk": 5, "text": {"a": 1}},
            {"type": "pong"},
            {"type": "response.chunk"},
            {"type": "response.chunk", "chunk": {"brand_new": {}}},
            {"type": "response.grok.output", "output": {}},
            {"type": "response.grok.output", "output": "x"},
            {},
        ],
    )
    def test_what_we_do_not_know_is_ignored(self, event):
        assert reply(event, answer("a"))[-1] == TextDelta("a")

    def test_a_frame_without_event_is_ignored(self):
        assert asked().receive(b'{"session_id":"x"}').chunks == []


class TestFailures:
    @pytest.mark.parametrize("status", ["failed", "cancelled", None])
    def test_any_end_but_completed_is_a_failure(self, status):
        done = {"type": "response.done", "response": {"status": status}}
        assert isinstance(reply(answer("a"), done)[-1], IncompleteReplyError)

    def test_a_completed_reply_without_text_is_incomplete(self):
        assert isinstance(reply(DONE)[-1], IncompleteReplyError)

    def test_an_error_event_ends_the_turn(self):
        begun = asked()
        step = begun.receive(frame({"type": "error", "error": {"code": "anti_bot"}}))
        assert step.done
        assert isinstance(step.chunks[0], AntiBotError)
        assert begun.receive(frame(answer("late"))).chunks == []

    def test_an_error_event_without_an_error_is_a_failure_all_the_same(self):
        assert isinstance(reply({"type": "error"})[-1], UpstreamUnavailableError)

    @pytest.mark.parametrize(
        "garbage",
        [
            "hello",
            b"\xff",
            "[]",
            "5",
            "[" * 5000,
            "\ud800",
            '{"event":5}',
            frame({"type": "response.chunk", "chunk": {"text": "plain"}}),
            frame({"type": "response.chunk", "chunk": {"text": {"text": 5}}}),
        ],
    )
    def test_what_is_not_understood_means_that_the_protocol_changed(self, garbage):
        step = asked().receive(garbage)
        assert step.done
        assert isinstance(step.chunks[0], ProtocolChangedError)

    def test_a_frame_beyond_the_limit_is_refused(self, monkeypatch):
        begun = asked()
        monkeypatch.setattr(mgw, "FRAME_LIMIT", 100)
        step = begun.receive("x" * 101)
        assert isinstance(step.chunks[0], ProtocolChangedError)
        assert "16 MiB" in str(step.chunks[0])

    def test_a_socket_closed_before_the_end_is_never_a_success(self):
        begun = asked()
        begun.receive(frame(answer("half")))
        (error,) = begun.closed()
        assert isinstance(error, IncompleteReplyError)
        assert begun.done
        assert begun.closed() == []

    def test_a_socket_closed_after_the_end_adds_nothing(self):
        begun = asked()
        begun.receive(frame(answer("whole")))
        assert begun.receive(frame(DONE)).done
        assert begun.closed() == []
