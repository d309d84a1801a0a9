import json

import pytest

from grokdesk.domain.chat import (
    Citation,
    ConversationRef,
    Finish,
    Image,
    ImageProgress,
    ReasoningDelta,
    SearchSource,
    TextDelta,
    ToolActivity,
)
from grokdesk.domain.errors import (
    ChallengedError,
    ContentRefusedError,
    IncompleteReplyError,
    ProtocolChangedError,
    RateLimitedError,
    UpstreamUnavailableError,
)
from grokdesk.upstream.web.wire import rest_decoder
from grokdesk.upstream.web.wire.facts import Origins
from grokdesk.upstream.web.wire.rest_decoder import RestDecoder

END = {"isSoftStop": True}


def line(**response):
    return json.dumps({"result": {"response": response}}).encode() + b"\n"


def text(token, **more):
    return line(token=token, isThinking=False, messageTag="final", **more)


def thought(token, agent="Grok", step=0, tag="summary"):
    return line(token=token, isThinking=True, messageTag=tag, rolloutId=agent, messageStepId=step)


def card(**fields):
    return line(cardAttachment={"jsonData": json.dumps(fields)})


def citation(card_id, url):
    return card(id=card_id, type="render_inline_citation", url=url)


def render(card_id, kind="render_inline_citation"):
    return f'<grok:render card_id="{card_id}" type="{kind}"></grok:render>'


def decode(*pieces, **options):
    decoder = RestDecoder(**options)
    parts = [part for piece in pieces for part in decoder.feed(piece)]
    return parts + decoder.end()


def only_error(parts):
    assert len(parts) == 1
    return parts[0]


class TestTheEnd:
    def test_the_reply_is_done_with_snapshot_and_end_mark_in_any_order(self):
        snapshot = line(modelResponse={"message": "Hi", "responseId": "r1"})
        for ends in ([line(**END), snapshot], [snapshot, line(finalMetadata={})]):
            decoder = RestDecoder()
            parts = decoder.feed(text("Hi") + b"".join(ends))
            assert decoder.done
            assert parts == [TextDelta("Hi"), ConversationRef("", "r1"), Finish()]
            assert decoder.feed(text("more")) == []
            assert decoder.end() == []

    def test_an_end_mark_alone_leaves_room_for_the_snapshot(self):
        decoder = RestDecoder()
        decoder.feed(text("Hi") + line(**END))
        assert not decoder.done
        assert decoder.end() == [Finish()]

    def test_the_end_of_the_body_ends_a_reply_without_any_mark(self):
        assert decode(text("Hi")) == [TextDelta("Hi"), Finish()]

    def test_a_last_line_without_newline_counts(self):
        assert decode(text("Hi").rstrip(b"\n")) == [TextDelta("Hi"), Finish()]

    def test_the_mark_of_an_event_stream_ends_it(self):
        decoder = RestDecoder()
        assert decoder.feed(b"data: " + text("Hi") + b"\ndata: [DONE]\n") == [
            TextDelta("Hi"),
            Finish(),
        ]
        assert decoder.done

    @pytest.mark.parametrize("rest", [b'{"resu', b'{"result":{"response":{"token":"x"', b"data: {"])
    def test_a_frame_cut_off_at_the_end_is_never_a_success(self, rest):
        parts = decode(text("Hi") + line(**END) + rest)
        assert parts[0] == TextDelta("Hi")
        assert isinstance(parts[-1], IncompleteReplyError)

    def test_an_error_text_of_a_proxy_at_the_end_is_never_a_success(self):
        parts = decode(text("Hi") + b"upstream connect error or disconnect")
        assert isinstance(parts[-1], IncompleteReplyError)

    def test_a_frame_cut_off_before_anything_was_understood_is_incomplete(self):
        assert isinstance(only_error(decode(b'{"result":{"conv')), IncompleteReplyError)

    def test_a_comment_cut_off_at_the_end_is_no_harm(self):
        assert decode(text("Hi") + b": keep-al")[-1] == Finish()


class TestNothingUseful:
    @pytest.mark.parametrize("body", [b"", b"\n\n", b": keep-alive\n\nevent: x\n\n", b" "])
    def test_an_empty_body_is_incomplete(self, body):
        assert isinstance(only_error(decode(body)), IncompleteReplyError)

    def test_a_page_instead_of_frames_is_a_challenge(self):
        body = b"<!DOCTYPE html>\n<html><title>Just a moment...</title>\n{ }\n</html>"
        assert isinstance(only_error(decode(body)), ChallengedError)

    @pytest.mark.parametrize(
        "body",
        [b"hello\n", b"hello", b'{"foo":1}\n', b"{bad}\n", b"[]", b"5\n", b'{"result":null}'],
    )
    def test_a_body_that_says_nothing_known_means_that_the_protocol_changed(self, body):
        error = only_error(decode(body))
        assert isinstance(error, ProtocolChangedError)
        assert error.excerpt == body.decode().strip()

    def test_an_error_object_over_several_lines_is_recognised(self):
        body = json.dumps({"error": {"code": 8, "message": "Too many requests"}}, indent=2).encode()
        assert isinstance(only_error(decode(body)), RateLimitedError)

    def test_a_reply_without_text_and_picture_is_incomplete(self):
        parts = decode(thought("hm"), line(**END), line(modelResponse={"message": ""}))
        assert parts[0] == ReasoningDelta("hm")
        assert isinstance(parts[-1], IncompleteReplyError)

    def test_blank_text_is_no_answer(self):
        assert isinstance(decode(text(" \n"))[-1], IncompleteReplyError)

    def test_frames_in_broken_json_are_skipped(self):
        assert decode(text("a") + b'{"result":{bad}}\n{"x\n' + text("b")) == [
            TextDelta("a"),
            TextDelta("b"),
            Finish(),
        ]

    @pytest.mark.parametrize(
        "frame",
        [
            b'{"result":"text"}\n',
            b'{"result":{"response":7}}\n',
            b'{"result":{"response":{"token":{"text":"a"}}}}\n',
            b'{"result":{"response":{"token":"a","isThinking":"no"}}}\n',
            b'{"result":{"response":{"token":"a","messageTag":1}}}\n',
        ],
    )
    def test_a_field_that_we_need_in_another_type_means_that_the_protocol_changed(self, frame):
        parts = decode(text("a") + frame + text("b"))
        assert parts[0] == TextDelta("a")
        assert len(parts) == 2
        assert isinstance(parts[1], ProtocolChangedError)
        assert parts[1].excerpt == frame.decode().strip()

    def test_a_wrong_type_within_broken_json_is_just_broken_json(self):
        assert decode(b'{"result":5,,}\n' + text("a")) == [TextDelta("a"), Finish()]

    def test_the_odd_type_of_a_side_field_changes_nothing(self):
        odd = dict.fromkeys(("rolloutId", "messageStepId", "responseId", "finalMetadata"), 5)
        odd |= dict.fromkeys(("toolUsageCard", "webSearchResults", "xposts", "cardAttachment"), 5)
        odd |= {"modelResponse": [1]}
        odd |= {"cardAttachments": {"a": 1}, "streamingImageGenerationResponse": "x"}
        assert decode(text("a", **odd)) == [TextDelta("a"), Finish()]


class TestSizes:
    def test_a_frame_beyond_the_limit_is_refused(self, monkeypatch):
        monkeypatch.setattr(rest_decoder, "FRAME_LIMIT", 200)
        big = text("x" * 300)
        for pieces in ([big], [big[:250], big[250:]], [big[:-1]]):
            error = decode(text("a"), *pieces)[-1]
            assert isinstance(error, ProtocolChangedError)
            assert "8 MiB" in str(error)

    def test_many_small_frames_on_a_long_line_are_fine(self, monkeypatch):
        monkeypatch.setattr(rest_decoder, "FRAME_LIMIT", 200)
        small = text("a").strip() * 5
        assert decode(small + b"\n") == [TextDelta("a")] * 5 + [Finish()]


class TestErrors:
    @pytest.mark.parametrize(
        "frame",
        [
            b'{"error":{"code":8,"message":"Too many requests","details":[]}}\n',
            b'{"error":"Too many requests"}\n',
            line(error={"code": 8, "message": "usage limit"}),
            line(modelResponse={"streamErrors": [{"error": {"code": 8, "message": "x"}}]}),
            line(modelResponse={"streamErrors": ["You've reached your usage quota."]}),
            line(modelResponse={"streamErrors": [{"detail": "rate limit", "code": 1}]}),
        ],
    )
    def test_nothing_follows_an_error(self, frame):
        parts = decode(text("a"), frame, text("b"), line(**END))
        assert parts[0] == TextDelta("a")
        assert len(parts) == 2
        assert isinstance(parts[1], RateLimitedError)

    def test_an_error_among_objects_on_one_line_ends_the_reply(self):
        body = text("a").strip() + b'{"error":{"code":13,"message":"x"}}' + text("b")
        assert [type(part) for part in decode(body)] == [TextDelta, UpstreamUnavailableError]

    @pytest.mark.parametrize("noise", [b"0", b'"x"', b"[]", b"true", b"?"])
    def test_what_is_no_object_is_noise_however_it_is_split(self, noise, merged):
        body = text("a").strip() + noise + b"\n" + noise + b"\n" + text("b") + line(**END)
        parts = [TextDelta("ab"), Finish()]
        assert merged(decode(body)) == merged(decode(*(bytes([byte]) for byte in body))) == parts

    @pytest.mark.parametrize("nothing", [None, {}, "", [], False])
    def test_an_empty_error_is_none(self, nothing):
        frame = json.dumps({"error": nothing, "result": {"response": {"token": "a"}}}).encode()
        assert decode(frame) == [TextDelta("a"), Finish()]


class TestText:
    @pytest.mark.parametrize("tag", [{}, {"messageTag": ""}, {"messageTag": None}])
    def test_a_token_without_tag_is_answer(self, tag):
        assert decode(line(token="a", **tag)) == [TextDelta("a"), Finish()]

    def test_a_token_with_a_tag_of_its_own_is_not(self):
        assert decode(text("a"), line(token="b", messageTag="debug")) == [TextDelta("a"), Finish()]

    def test_the_snapshot_fills_in_what_was_not_streamed(self):
        message = line(modelResponse={"message": "Hello you"})
        assert decode(text("Hello"), message) == [TextDelta("Hello"), TextDelta(" you"), Finish()]
        assert decode(message) == [TextDelta("Hello you"), Finish()]

    def test_a_snapshot_that_differs_takes_nothing_back(self):
        parts = decode(text("Hello"), line(modelResponse={"message": "Hallo du"}))
        assert parts == [TextDelta("Hello"), Finish()]

    def test_the_snapshot_is_compared_with_the_raw_text(self):
        raw = f"Blue\n{render('c1')}"
        parts = decode(
            citation("c1", "https://a.example/"),
            text(raw),
            line(modelResponse={"message": f"{raw} indeed"}),
        )
        assert parts[-2:] == [TextDelta(" indeed"), Finish()]

    def test_a_line_end_is_held_until_it_is_known_what_follows(self):
        assert decode(text("a\n"), text("\nb\n")) == [
            TextDelta("a"),
            TextDelta("\n\nb"),
            TextDelta("\n"),
            Finish(),
        ]

    def test_held_text_is_released_at_the_end(self):
        assert decode(text("a <gro")) == [TextDelta("a "), TextDelta("<gro"), Finish()]

    def test_the_conversation_is_announced_once(self):
        frame = b'{"result":{"conversation":{"conversationId":"c1"}}}\n'
        parts = decode(frame, frame, text("a", responseId="r1"))
        assert parts == [
            ConversationRef("c1"),
            TextDelta("a"),
            ConversationRef("c1", "r1"),
            Finish(),
        ]


class TestReasoning:
    def test_each_step_begins_on_a_line_of_its_own(self):
        parts = decode(
            thought("Plan", step=0, tag="header"),
            thought("- one", step=1),
            thought(" more", step=1),
            thought("- two\n", step=2),
            thought("- three", step=3),
            text("a"),
        )
        assert [part.text for part in parts[:5]] == [
            "Plan",
            "\n- one",
            " more",
            "\n- two\n",
            "- three",
        ]

    def test_the_agent_is_named_where_it_changes(self):
        parts = decode(
            thought("a"),
            thought("b", "Agent 1"),
            thought("c\n", "Agent 1"),
            thought("d"),
            text("x"),
        )
        shown = "".join(part.text for part in parts if isinstance(part, ReasoningDelta))
        assert shown == "a\n[Agent 1]\nbc\n[Grok]\nd"

    def test_nothing_is_thought_after_the_answer_has_begun(self):
        assert decode(text("a"), thought("late")) == [TextDelta("a"), Finish()]

    def test_results_of_functions_are_not_thoughts(self):
        parts = decode(thought("{}", tag="raw_function_result"), text("a"))
        assert parts == [TextDelta("a"), Finish()]


class TestTools:
    XML = (
        "<xai:tool_usage_card><xai:tool_usage_card_id>k1</xai:tool_usage_card_id>"
        "<xai:tool_name>browse_page</xai:tool_name>"
        '<xai:tool_args><![CDATA[{"url":"https://a.example/"}]]></xai:tool_args>'
        "</xai:tool_usage_card>"
    )

    def markup(self, xml, **more):
        return line(token=xml, isThinking=True, messageTag="tool_usage_card", **more)

    def test_a_run_is_told_by_its_markup(self):
        parts = decode(self.markup(self.XML), self.markup(self.XML), text("a"))
        assert parts[:-2] == [ToolActivity("browse_page", "https://a.example/")]

    def test_a_run_is_told_once_by_card_and_markup_together(self):
        tool = {"toolUsageCardId": "k1", "browsePage": {"args": {"url": "https://a.example/"}}}
        parts = decode(self.markup(self.XML, toolUsageCard=tool), self.markup(self.XML), text("a"))
        assert parts[:-2] == [ToolActivity("browse_page", "https://a.example/")]

    @pytest.mark.parametrize(
        ("tool", "activity"),
        [
            ({"webSearch": {"args": {"query": "q"}}}, ToolActivity("web_search", "q")),
            ({"webSearch": {"args": {"q": "q"}}}, ToolActivity("web_search", "q")),
            ({"xKeywordSearch": {"args": {"query": "q"}}}, ToolActivity("x_keyword_search", "q")),
            ({"x_search": {"args": {"query": "q"}}}, ToolActivity("x_search", "q")),
            (
                {"searchImages": {"args": {"imageDescription": "d"}}},
                ToolActivity("search_images", "d"),
            ),
            ({"chatroomSend": {"args": {"message": "m"}}}, ToolActivity("chatroom_send", "m")),
            ({"codeExecution": {"args": {"code": "1"}}}, ToolActivity("code_execution", "")),
            ({"brandNew": {}}, ToolActivity("brand_new", "")),
        ],
    )
    def test_the_argument_worth_showing_depends_on_the_tool(self, tool, activity):
        assert decode(line(toolUsageCard=tool), text("a"))[0] == activity

    def test_markup_without_a_name_tells_nothing(self):
        assert decode(self.markup("<xai:tool_usage_card>"), text("a"))[0] == TextDelta("a")

    def test_a_card_without_a_tool_tells_nothing(self):
        assert decode(line(toolUsageCard={"toolUsageCardId": "x"}), text("a"))[0] == TextDelta("a")


class TestSources:
    def test_a_page_is_told_once(self):
        pages = {"results": [{"url": "https://a.example/", "title": "A"}]}
        parts = decode(
            line(webSearchResults=pages, citedWebSearchResults=pages),
            line(modelResponse={"message": "a", "webSearchResults": pages["results"]}),
        )
        assert parts == [SearchSource("https://a.example/", "A"), TextDelta("a"), Finish()]

    def test_a_post_is_told_by_its_address_and_its_text(self):
        post = {"username": "ann", "postId": "1", "text": "Two\nlines " + "x" * 200}
        silent = {"username": "bob", "postId": "2"}
        anonymous = {"postId": "3"}
        parts = decode(
            line(xSearchResults={"results": [post, silent, anonymous, 5]}),
            line(xposts=[post], citedXposts={"results": [silent]}),
            text("a"),
        )
        assert parts[:-2] == [
            SearchSource("https://x.com/ann/status/1", ("Two lines " + "x" * 200)[:100]),
            SearchSource("https://x.com/bob/status/2", "@bob"),
        ]

    @pytest.mark.parametrize(
        "url",
        ["", "javascript:alert(1)", "ftp://a.example/", "https://a\nb", f"https://{'a' * 5000}"],
    )
    def test_only_web_addresses_are_sources(self, url):
        assert decode(line(webSearchResults={"results": [{"url": url}]}), text("a"))[:-2] == []

    def test_a_flood_of_sources_is_bounded(self):
        many = [{"url": f"https://a.example/{number}"} for number in range(3000)]
        parts = decode(line(webSearchResults={"results": many}), text("a"))
        assert len(parts) == 1000 + 2


class TestCitations:
    def cited(self, *pieces):
        cards = [
            citation("c1", "https://a.example/"),
            citation("c2", "https://b.example/"),
            citation("c3", "https://a.example/"),
            citation("bad", "javascript:alert(1)"),
        ]
        parts = decode(*cards, *map(text, pieces))
        shown = "".join(part.text for part in parts if isinstance(part, TextDelta))
        return shown, [part.number for part in parts if isinstance(part, Citation)]

    def test_pages_are_numbered_by_first_citation_and_keep_their_number(self):
        assert self.cited("x" + render("c2"), " y" + render("c1"), " z" + render("c2")) == (
            "x [[1]](https://b.example/) y [[2]](https://a.example/) z [[1]](https://b.example/)",
            [1, 2, 1],
        )

    def test_the_same_page_twice_in_a_row_is_cited_once(self):
        assert self.cited("x" + render("c1"), "\n" + render("c3"), "\n y") == (
            "x [[1]](https://a.example/)\n y",
            [1],
        )

    def test_a_citation_takes_the_place_of_the_line_end_before_it(self):
        shown, _ = self.cited("x\n", render("c1"), " y")
        assert shown == "x [[1]](https://a.example/) y"

    def test_unknown_cards_and_unsafe_addresses_leave_no_mark(self):
        assert self.cited("x" + render("nope") + render("bad") + "y") == ("xy", [])

    def test_the_title_is_that_of_the_page_that_was_read(self):
        parts = decode(
            line(webSearchResults={"results": [{"url": "https://a.example/", "title": "A"}]}),
            line(cardAttachments=[{"jsonData": {"id": "c1", "url": "https://a.example/"}}]),
            text("x" + render("c1")),
        )
        assert Citation(1, "https://a.example/", "A") in parts

    def test_the_kind_may_stand_in_the_card_alone(self):
        shown = decode(citation("c1", "https://a.example/"), text("x" + render("c1", "")))
        assert TextDelta(" [[1]](https://a.example/)") in shown

    def test_no_character_of_an_address_breaks_the_link(self):
        parts = decode(citation("c1", "https://a.example/x_(y) z"), text("x" + render("c1")))
        assert Citation(1, "https://a.example/x_%28y%29%20z") in parts

    def test_a_flood_of_citations_is_bounded(self):
        cards = [citation(str(n), f"https://a.example/{n}") for n in range(1000)]
        parts = decode(*cards, *(text(f"x{render(str(n))}") for n in range(1000)))
        more = decode(
            *cards[:999],
            *(line(cardAttachment={"jsonData": {"id": "z", "url": "https://z.example/"}}),),
            citation("too-many", "https://y.example/"),
            text("x" + render("too-many")),
        )
        assert sum(isinstance(part, Citation) for part in parts) == 1000
        assert not any(isinstance(part, Citation) for part in more)


class TestFoundPictures:
    def shown(self, **image):
        found = card(id="i1", type="render_searched_image", image=image)
        parts = decode(found, text("x" + render("i1", "render_searched_image")))
        return "".join(part.text for part in parts if isinstance(part, TextDelta))

    def test_a_picture_links_to_its_page(self):
        shown = self.shown(title="A [b]\nc", thumbnail="https://a/t.jpg", link="https://a/")
        assert shown == "x[![A b c](https://a/t.jpg)](https://a/)"

    def test_without_a_page_it_is_just_a_picture(self):
        assert self.shown(title="A", original="https://a/o.jpg") == "x![A](https://a/o.jpg)"

    def test_without_an_address_there_is_nothing_to_show(self):
        assert self.shown(title="A", thumbnail="data:image/png;base64,AAAA") == "x"


class TestDrawnPictures:
    URL = "users/U/generated/p1/image.jpg"

    def drawing(self, key="image_chunk", **state):
        return card(id="g1", type="render_generated_image", **{key: state})

    def test_a_picture_is_delivered_once_whoever_names_it(self):
        done = {"imageUuid": "p1", "imageUrl": self.URL, "progress": 100}
        parts = decode(
            self.drawing(imageUuid="p1", progress=30),
            self.drawing(**done),
            self.drawing(**done),
            line(streamingImageGenerationResponse={"imageId": "p1", "imageUrl": self.URL}),
            line(
                modelResponse={
                    "generatedImageUrls": [self.URL],
                    "cardAttachmentsJson": [json.dumps({"id": "g1", "image_chunk": done})],
                }
            ),
        )
        address = f"https://assets.grok.com/{self.URL}"
        assert parts == [ImageProgress("p1", 30), Image("p1", address), Finish()]

    def test_other_spellings_mean_the_same(self):
        parts = decode(
            self.drawing("imageChunk", imageUuid="p1", image_url=self.URL, progress=100),
            line(
                streamingImageGenerationResponse={"assetId": "p2", "url": "a.jpg", "isFinal": True}
            ),
        )
        assert [part.image_id for part in parts[:-1]] == ["p1", "p2"]

    def test_the_final_list_alone_delivers_too(self):
        urls = [
            self.URL,
            "https://imagine-public.x.ai/imagine-public/images/p2.png",
            "odd.jpg",
            5,
            "",
        ]
        parts = decode(line(modelResponse={"generatedImageUrls": urls}))
        assert [part.image_id for part in parts[:-1]] == ["p1", "p2", "odd.jpg"]

    def test_one_address_is_delivered_once_under_whatever_id(self):
        parts = decode(
            self.drawing(imageUuid="p1", imageUrl="a.jpg", progress=100),
            self.drawing(imageUuid="p2", imageUrl="a.jpg", progress=100),
        )
        assert parts == [Image("p1", "https://assets.grok.com/a.jpg"), Finish()]

    def test_the_id_may_stand_in_the_address_alone(self):
        part_url = "users/U/generated/p1-part-0/image.jpg"
        parts = decode(
            line(streamingImageGenerationResponse={"imageUrl": part_url, "progress": 50}),
            line(streamingImageGenerationResponse={"imageUrl": self.URL, "progress": 100}),
            line(streamingImageGenerationResponse={"progress": 100}),
        )
        assert parts[0] == ImageProgress("p1", 50)
        assert parts[1].image_id == "p1"

    def test_a_finished_picture_without_address_is_still_in_progress(self):
        parts = decode(self.drawing(imageUuid="p1", progress=100), text("a"))
        assert parts[0] == ImageProgress("p1", 99)

    @pytest.mark.parametrize("progress", [-5, 250, "half", None, 33.0])
    def test_progress_stays_within_its_bounds(self, progress):
        parts = decode(self.drawing(imageUuid="p1", progress=progress), text("a"))
        assert 0 <= parts[0].percent <= 99

    def test_a_withheld_picture_is_not_delivered_by_the_final_list(self):
        parts = decode(
            self.drawing(imageUuid="p1", imageUrl=self.URL, progress=100, moderated=True),
            self.drawing(imageUuid="p1", imageUrl=self.URL, progress=100),
            line(modelResponse={"generatedImageUrls": [self.URL]}),
        )
        assert isinstance(only_error(parts), ContentRefusedError)

    def test_an_address_flagged_on_the_way_is_not_delivered_either(self):
        parts = decode(
            self.drawing(imageUuid="p1", imageUrl=self.URL, progress=40, moderated=True),
            self.drawing(imageUuid="p1", imageUrl=self.URL, progress=100),
            text("a"),
        )
        assert not any(isinstance(part, Image) for part in parts)

    def test_one_good_picture_beside_a_withheld_one_is_a_success(self):
        parts = decode(
            self.drawing(imageUuid="p1", imageUrl="a.jpg", progress=100, moderated=True),
            self.drawing(imageUuid="p2", imageUrl="b.jpg", progress=100),
        )
        assert parts == [Image("p2", "https://assets.grok.com/b.jpg"), Finish()]

    def test_a_picture_at_an_unknown_host_means_that_the_protocol_changed(self):
        url = "https://example.org/a.jpg"
        error = only_error(decode(self.drawing(imageUuid="p1", imageUrl=url, progress=100)))
        assert isinstance(error, ProtocolChangedError)
        assert error.excerpt == url

    def test_pictures_of_a_local_upstream_stay_local(self):
        parts = decode(
            self.drawing(imageUuid="p1", imageUrl=self.URL, progress=100),
            origins=Origins.of("http://127.0.0.1:8080"),
        )
        assert parts[0] == Image("p1", f"http://127.0.0.1:8080/{self.URL}")
