"""From Anthropic's JSON to a ChatRequest, or to a sentence that names the field."""

import base64
import json
import logging

import pytest

from grokdesk.domain.attachment import Attachment, AttachmentKind
from grokdesk.domain.chat import AnswerFormat, Message, Role
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.tools import Tool, ToolCall
from grokdesk.gateway.anthropic.count import count_input
from grokdesk.gateway.anthropic.parse import parse_call, parse_count

USER = {"role": "user", "content": "Hi"}
WEATHER = {
    "name": "weather",
    "description": "Tells the weather.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}
PIXEL = base64.b64encode(b"picture").decode()


def parse(**fields):
    body = {"model": "grok-fast", "max_tokens": 1000, "messages": [USER], **fields}
    return parse_call(json.dumps({k: v for k, v in body.items() if v is not ...}).encode())


def messages_of(*messages, **fields):
    return parse(messages=list(messages), **fields).request.messages


def content_of(*blocks, role="user"):
    return messages_of({"role": role, "content": list(blocks)})


def refusal(**fields):
    with pytest.raises(InvalidRequestError) as caught:
        parse(**fields)
    return caught.value


def refusal_of(*blocks, role="user"):
    return refusal(messages=[{"role": role, "content": list(blocks)}])


def text(words):
    return {"type": "text", "text": words}


def test_a_plain_request():
    call = parse()
    assert call.request.model == "grok-fast"
    assert call.request.messages == (Message(Role.USER, "Hi"),)
    assert call.request.max_tokens == 1000
    assert (call.wants_stream, call.wants_thinking) == (False, False)
    assert call.request.tools is None


def test_zero_and_one_are_taken_literally():
    request = parse(temperature=0, top_p=0, max_tokens=1).request
    assert (request.temperature, request.top_p, request.max_tokens) == (0, 0, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_tokens", ...),
        ("max_tokens", 0),
        ("max_tokens", "many"),
        ("model", ...),
        ("model", " "),
        ("messages", ...),
        ("messages", []),
        ("temperature", 3),
        ("top_p", -1),
        ("stream", "yes"),
        ("stop_sequences", "END"),
        ("stop_sequences", ["x" * 2000]),
    ],
)
def test_what_is_missing_or_out_of_bounds_is_named(field, value):
    assert refusal(**{field: value}).param.startswith(field)


def test_counting_needs_no_limit_of_the_answer():
    body = {"model": "grok-fast", "messages": [USER]}
    assert parse_count(json.dumps(body).encode()).messages == (Message(Role.USER, "Hi"),)


def test_what_only_anthropic_has_is_accepted_and_changes_nothing():
    cached = {"type": "ephemeral", "ttl": "1h"}
    call = parse(
        messages=[{"role": "user", "content": [{**text("Hi"), "cache_control": cached}]}],
        metadata={"user_id": "u"},
        context_management={"edits": [{"type": "clear_tool_uses_20250919"}]},
        betas=["x"],
        service_tier="auto",
        container="c",
        cache_control=cached,
        mcp_servers=[],
        top_k=5,
        speed="fast",
        inference_geo="eu",
        unheard_of={"a": [1]},
    )
    assert call.request == parse().request


@pytest.mark.parametrize(
    "system", ["Be brief.", [text("Be brief.")], [text(""), text("Be brief.")]]
)
def test_system_is_a_text_or_blocks(system):
    assert parse(system=system).request.messages[0] == Message(Role.SYSTEM, "Be brief.")


@pytest.mark.parametrize("system", [None, "", [], [text("")]])
def test_an_empty_system_is_no_turn(system):
    assert parse(system=system).request.messages == (Message(Role.USER, "Hi"),)


def test_the_accounting_note_of_claude_code_is_not_shown_to_grok():
    note = text("x-anthropic-billing-header: cc_version=2.1; cch=abc;")
    (first, _) = parse(system=[note, text("Be brief.")]).request.messages
    assert first.text == "Be brief."


def test_a_system_turn_may_stand_anywhere():
    messages = messages_of(USER, {"role": "system", "content": "Now in French."}, USER)
    assert [message.role for message in messages] == [Role.USER, Role.SYSTEM, Role.USER]


def test_an_unknown_role_is_named():
    assert refusal(messages=[{"role": "tool", "content": "x"}]).param == "messages[0].role"


def test_empty_text_blocks_are_fine():
    assert content_of(text(""), text("Hi"), text("")) == (Message(Role.USER, "Hi"),)
    assert content_of(text("")) == (Message(Role.USER, ""),)
    assert messages_of({"role": "user", "content": []}) == (Message(Role.USER, ""),)


def test_thinking_is_dropped_whoever_signed_it():
    messages = messages_of(
        USER,
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "foreign"},
                {"type": "redacted_thinking", "data": "xyz"},
                text("Hello."),
            ],
        },
        USER,
    )
    assert messages[1] == Message(Role.ASSISTANT, "Hello.")


def test_blocks_of_servers_tools_are_dropped():
    messages = messages_of(
        USER,
        {
            "role": "assistant",
            "content": [
                {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
                {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
                {"type": "mcp_tool_result", "tool_use_id": "s", "content": []},
                text("Found."),
            ],
        },
        USER,
    )
    assert messages[1] == Message(Role.ASSISTANT, "Found.")


def test_calls_and_their_results_become_turns_in_their_order():
    messages = messages_of(
        USER,
        {
            "role": "assistant",
            "content": [
                text("Let me see."),
                {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}},
                {"type": "tool_use", "id": "toolu_2", "name": "clock", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": "Rain"},
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_2",
                    "content": [text("8"), text("h")],
                },
                text("And now?"),
            ],
        },
    )
    assert messages[1:] == (
        Message(
            Role.ASSISTANT,
            "Let me see.",
            calls=(
                ToolCall("toolu_1", "weather", '{"city":"Oslo"}'),
                ToolCall("toolu_2", "clock", "{}"),
            ),
        ),
        Message(Role.TOOL, "Rain", "weather", "toolu_1"),
        Message(Role.TOOL, "8\nh", "clock", "toolu_2"),
        Message(Role.USER, "And now?"),
    )


@pytest.mark.parametrize(("given", "arguments"), [(None, "{}"), ("x", '{"input":"x"}'), ([], "{}")])
def test_arguments_that_are_no_object_become_one(given, arguments):
    block = {"type": "tool_use", "id": "t", "name": "weather", "input": given}
    (message, *_) = content_of(block, role="assistant")
    assert message.calls == (ToolCall("t", "weather", arguments),)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("no such city", "Error: no such city"),
        ([text("bad")], "Error: bad"),
        ("", "The tool failed."),
        (None, "The tool failed."),
    ],
)
def test_a_failed_tool_says_so(content, told):
    result = {"type": "tool_result", "tool_use_id": "t", "content": content, "is_error": True}
    (message,) = content_of(result)
    assert message.text == told


def test_a_result_may_hold_a_picture_and_blocks_nobody_knows():
    image = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": PIXEL},
    }
    odd = {"type": "browser_state", "url": "about:blank"}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [text("See"), image, odd]}
    (message,) = content_of(result)
    assert message.text == 'See\n{"type":"browser_state","url":"about:blank"}'
    assert [each.data for each in message.attachments] == [b"picture"]


def test_pictures_by_data_and_by_address():
    by_data = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    by_address = {"type": "url", "url": "https://a.example/p.png"}
    (message,) = content_of(
        text("What is this?"),
        {"type": "image", "source": by_data},
        {"type": "image", "source": by_address},
    )
    path = "messages[0].content"
    assert message.text == "What is this?"
    assert message.attachments == (
        Attachment(
            AttachmentKind.IMAGE,
            data=b"picture",
            mime="image/png",
            param=f"{path}[1].source.data",
        ),
        Attachment(
            AttachmentKind.IMAGE, url="https://a.example/p.png", param=f"{path}[2].source.url"
        ),
    )


def test_a_document_that_is_a_file_is_an_attachment():
    source = {"type": "base64", "media_type": "application/pdf", "data": PIXEL}
    (message,) = content_of({"type": "document", "title": "a.pdf", "source": source})
    (attachment,) = message.attachments
    assert attachment.kind is AttachmentKind.FILE
    assert (attachment.name, attachment.mime) == ("a.pdf", "application/pdf")


@pytest.mark.parametrize(
    "source",
    [
        {"type": "text", "media_type": "text/plain", "data": "One."},
        {"type": "content", "content": "One."},
        {"type": "content", "content": [text("One.")]},
    ],
)
def test_a_document_of_text_stands_in_the_text(source):
    (message,) = content_of({"type": "document", "title": "T", "source": source}, text("Sum up."))
    assert message.text == '<document title="T">\nOne.\n</document>\nSum up.'


def test_a_search_result_stands_in_the_text():
    block = {
        "type": "search_result",
        "title": "T",
        "source": "https://a.example",
        "content": [text("Found.")],
    }
    assert content_of(block)[0].text == "T\nhttps://a.example\nFound."


@pytest.mark.parametrize(
    ("block", "param"),
    [
        ({"type": "image", "source": {"type": "file", "file_id": "f"}}, "source"),
        ({"type": "document", "source": {"type": "file", "file_id": "f"}}, "source"),
        ({"type": "image", "source": {"type": "base64", "data": "!"}}, "source.data"),
        ({"type": "image", "source": {"type": "url", "url": "file:///etc/passwd"}}, "source.url"),
        ({"type": "image", "source": {"type": "odd"}}, "source"),
        ({"type": "image"}, "source"),
    ],
)
def test_a_source_that_is_none_is_named(block, param):
    assert refusal_of(text("x"), block).param == f"messages[0].content[1].{param}"


@pytest.mark.parametrize(
    "block",
    [{"type": "container_upload", "file_id": "f"}, {"type": 1}, 7, {}, {"type": "tool_use"}],
)
def test_a_block_that_nobody_knows_is_named(block):
    assert refusal_of(block).param == "messages[0].content[0]"


def test_an_answer_that_the_client_began_is_to_be_continued():
    messages = messages_of(USER, {"role": "assistant", "content": "The answer is ("})
    assert messages[1] == Message(Role.ASSISTANT, "The answer is (")
    assert messages[2].role is Role.SYSTEM
    assert "Go on exactly where it ends" in messages[2].text


def test_tools_and_how_they_may_be_called():
    use = parse(tools=[WEATHER]).request.tools
    schema = '{"type":"object","properties":{"city":{"type":"string"}}}'
    assert use.tools == (Tool("weather", "Tells the weather.", schema),)
    assert (use.required, use.only, use.parallel) == (False, "", True)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "auto"}, (False, "", True)),
        ({"type": "auto", "disable_parallel_tool_use": True}, (False, "", False)),
        ({"type": "any"}, (True, "", True)),
        ({"type": "tool", "name": "weather"}, (True, "weather", True)),
    ],
)
def test_every_choice_of_tools(choice, expected):
    use = parse(tools=[{**WEATHER, "type": "custom"}], tool_choice=choice).request.tools
    assert (use.required, use.only, use.parallel) == expected


def test_no_tool_may_be_called_when_the_choice_is_none():
    assert parse(tools=[WEATHER], tool_choice={"type": "none"}).request.tools is None


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"tool_choice": {"type": "odd"}}, "tool_choice.type"),
        ({"tool_choice": {"type": "tool", "name": "x"}, "tools": [WEATHER]}, "tool_choice.name"),
        ({"tools": [{"name": "two words"}]}, "tools[0].name"),
        ({"tools": [{"input_schema": {}}]}, "tools[0].name"),
        ({"tools": [{"name": "x", "input_schema": []}]}, "tools[0].input_schema"),
        ({"tools": [WEATHER, {**WEATHER, "description": "Other."}]}, "tools[1].name"),
    ],
)
def test_a_tool_that_cannot_be_is_named(fields, param):
    assert refusal(**fields).param == param


def test_tools_of_servers_are_left_out_with_a_note(caplog):
    caplog.set_level(logging.DEBUG, "grokdesk.gateway.anthropic")
    use = parse(
        tools=[
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 5},
            {"type": "code_execution_20250825", "name": "code_execution"},
            WEATHER,
        ]
    ).request.tools
    assert [tool.name for tool in use.tools] == ["weather"]
    assert [record.getMessage() for record in caplog.records] == [
        "left out tools[1]: Grok does not have it"
    ]


def test_a_search_that_must_be_made_is_left_to_grok():
    search = {"type": "web_search_20250305", "name": "web_search"}
    call = parse(tools=[search], tool_choice={"type": "tool", "name": "web_search"})
    assert call.request.tools is None


def test_tools_known_by_their_type_are_spelled_out():
    use = parse(
        tools=[
            {"type": "bash_20250124", "name": "bash"},
            {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"},
        ]
    ).request.tools
    assert [tool.name for tool in use.tools] == ["bash", "str_replace_based_edit_tool"]
    fields = [set(json.loads(tool.parameters)["properties"]) for tool in use.tools]
    assert "command" in fields[0]
    assert {"command", "path", "old_str"} <= fields[1]


@pytest.mark.parametrize(
    ("fields", "effort"),
    [
        ({}, None),
        ({"thinking": {"type": "disabled"}}, None),
        ({"thinking": {"type": "adaptive"}}, None),
        ({"thinking": {"type": "enabled"}}, None),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "low"),
        ({"thinking": {"type": "enabled", "budget_tokens": 31_999}}, "medium"),
        ({"thinking": {"type": "enabled", "budget_tokens": 32_000}}, "high"),
        ({"output_config": {"effort": "max"}}, "max"),
        (
            {
                "output_config": {"effort": "low"},
                "thinking": {"type": "enabled", "budget_tokens": 31_999},
            },
            "low",
        ),
    ],
)
def test_effort_comes_from_the_word_or_from_the_budget(fields, effort):
    assert parse(**fields).request.reasoning_effort == effort


def test_an_unknown_effort_is_named():
    assert refusal(output_config={"effort": "huge"}).param == "output_config.effort"


@pytest.mark.parametrize(
    ("thinking", "wants", "hides"),
    [
        (None, False, False),
        ({"type": "disabled"}, False, False),
        ({"type": "enabled", "budget_tokens": 1024}, True, False),
        ({"type": "adaptive"}, True, False),
        ({"type": "adaptive", "display": "omitted"}, True, True),
    ],
)
def test_thinking_is_told_to_those_who_asked(thinking, wants, hides):
    call = parse(thinking=thinking)
    assert (call.wants_thinking, call.hides_thinking) == (wants, hides)


@pytest.mark.parametrize("field", ["output_format", "output_config"])
def test_an_answer_of_json_may_be_demanded(field):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    wanted = {"type": "json_schema", "schema": schema}
    value = wanted if field == "output_format" else {"format": wanted}
    assert parse(**{field: value}).request.answer_format == AnswerFormat(schema)


@pytest.mark.parametrize(
    ("wanted", "param"),
    [
        ({"type": "xml"}, "output_format.type"),
        ({"type": "json_schema"}, "output_format.schema"),
        ({"type": "json_schema", "schema": {"type": 5}}, "output_format.schema"),
    ],
)
def test_a_format_that_is_none_is_named(wanted, param):
    assert refusal(output_format=wanted).param == param


def test_stop_texts_are_taken_once_and_without_empty_ones():
    assert parse(stop_sequences=["A", "", "B", "A"]).request.stop == ("A", "B")


def count(**fields):
    return count_input(parse(**fields).request)


def test_every_part_of_a_question_counts():
    plain = count()
    image = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": PIXEL},
    }
    assert plain >= 1
    assert count(system="Be brief, please.") > plain
    assert count(tools=[WEATHER]) > plain
    assert count(messages=[{"role": "user", "content": [text("Hi"), image]}]) > plain + 1000
    called = {"type": "tool_use", "id": "t", "name": "weather", "input": {"city": "Oslo" * 20}}
    assert count(messages=[USER, {"role": "assistant", "content": [called]}]) > plain
