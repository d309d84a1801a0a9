import json

import pytest

from grokdesk.domain.chat import Message, Role
from grokdesk.domain.quota import Mode
from grokdesk.upstream.web.wire.payloads import (
    EMPTY_GRPC_BODY,
    IMAGINE_QUOTA_BODY,
    flatten,
    rate_limits_body,
    rest_chat_body,
)


def test_a_lone_user_message_goes_as_it_is():
    assert flatten([Message(Role.USER, "What colour?")]) == "What colour?"


def test_any_other_conversation_gets_headings():
    conversation = [
        Message(Role.SYSTEM, "You are terse."),
        Message(Role.USER, "What colour\nis it?"),
        Message(Role.ASSISTANT, "Blue."),
        Message(Role.USER, "Sure?"),
    ]
    assert flatten(conversation) == (
        "[system]\nYou are terse.\n\n[user]\nWhat colour\nis it?\n\n"
        "[assistant]\nBlue.\n\n[user]\nSure?"
    )
    assert flatten([Message(Role.SYSTEM, "Hi")]) == "[system]\nHi"


def test_the_prompt_of_the_recorded_socket_turn_comes_out_the_same(sample):
    item = json.loads(sample("mgw-client-new.ndjson").splitlines()[1])
    recorded = item["event"]["item"]["x_grok"]["input_chunks"][0]["text"]["text"]
    conversation = [
        Message(Role.SYSTEM, "You are terse."),
        Message(Role.USER, "What colour is copper sulfate?"),
    ]
    assert flatten(conversation) == recorded


def test_a_tool_result_names_the_call_it_answers():
    results = [Message(Role.TOOL, "22", call_id="call_1"), Message(Role.TOOL, "23")]
    assert flatten(results) == "[tool]\nTool result (call_1): 22\n\n[tool]\n23"


def test_a_chat_leaves_no_trace_and_claims_nothing_that_was_not_asked_for():
    body = json.loads(rest_chat_body(Mode.EXPERT, "Hello ✓", file_ids=["f1"]))
    assert (body["modeId"], body["message"], body["fileAttachments"]) == (
        "expert",
        "Hello ✓",
        ["f1"],
    )
    assert (body["temporary"], body["disableMemory"]) == (True, True)
    assert body["responseMetadata"] == {}
    assert body["toolOverrides"] == {}
    assert body["sendFinalMetadata"] is True
    assert not {"modelName", "modelMode", "customPersonality", "mediaGenInput"} & body.keys()


def test_sampling_values_are_overrides():
    body = json.loads(
        rest_chat_body(Mode.FAST, "x", temperature=0.0, top_p=0.9, reasoning_effort="low")
    )
    assert body["responseMetadata"] == {
        "modelConfigOverride": {"temperature": 0.0, "topP": 0.9, "reasoningEffort": "low"}
    }


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("none", "low"),
        ("minimal", "low"),
        ("low", "low"),
        ("medium", "medium"),
        ("high", "high"),
        ("xhigh", "high"),
    ],
)
def test_reasoning_efforts_become_the_three_that_upstream_knows(asked, sent):
    body = json.loads(rest_chat_body(Mode.FAST, "x", reasoning_effort=asked))
    assert body["responseMetadata"] == {"modelConfigOverride": {"reasoningEffort": sent}}


def test_quota_is_asked_as_recorded(cases):
    recorded = cases("quota-bodies.ndjson")
    assert json.loads(rate_limits_body(Mode.FAST)) == recorded["basic-fast"]["request"]
    assert json.loads(IMAGINE_QUOTA_BODY) == recorded["imagine-basic"]["request"]
    assert cases("weekly-credits-grpcweb.ndjson")["request"]["hex"] == EMPTY_GRPC_BODY.hex()
