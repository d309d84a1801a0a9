"""Answers that must be JSON: what passes, what is asked for again, which schemas are refused."""

import json
import time

import pytest

from grokdesk.domain.chat import (
    AnswerFormat,
    Citation,
    ReasoningDelta,
    SearchSource,
    TextDelta,
)
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.tools import ToolCall
from grokdesk.services.shaping.schemas import check_schema
from grokdesk.services.shaping.structured import StructuredStage, bare_json, instruction

ANY = AnswerFormat()
PERSON = AnswerFormat(
    {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name"],
    }
)
CITED = Citation(1, "https://a.example/")
SOURCE = SearchSource("https://a.example/")


def said(wanted, *chunks):
    stage = StructuredStage(wanted)
    given = [
        out
        for chunk in chunks
        for out in stage.feed(TextDelta(chunk) if isinstance(chunk, str) else chunk)
    ]
    return [*given, *stage.finish()], stage.trouble


@pytest.mark.parametrize(
    ("answer", "given"),
    [
        ('{"name":"Ann"}', '{"name":"Ann"}'),
        ('\n {"name":"Ann"} \n', '{"name":"Ann"}'),
        ('```json\n{"name":"Ann"}\n```', '{"name":"Ann"}'),
        ('```\n{"name":"Ann"}\n```\n', '{"name":"Ann"}'),
        ('Here it is:\n\n{"name":"Ann"}\n\nDone.', '{"name":"Ann"}'),
        ('Here:\n```json\n{"name":"Ann"}\n```', '{"name":"Ann"}'),
        ('{"name":"Ann"} [[1]](https://a.example/)', '{"name":"Ann"}'),
        ('{"name":"Ann" [[1]](https://a.example/)}', '{"name":"Ann"}'),
        ('{"name":"```","age":5}', '{"name":"```","age":5}'),
    ],
)
def test_the_json_of_an_answer_is_given_alone(answer, given):
    chunks, trouble = said(PERSON, answer)
    assert ("".join(chunk.text for chunk in chunks), trouble) == (given, None)


@pytest.mark.parametrize(
    ("wanted", "answer", "why"),
    [
        (ANY, "Ann", "not valid JSON"),
        (ANY, "", "not valid JSON"),
        (ANY, '{"name":"Ann"', "not valid JSON"),
        (ANY, "[1]", "not a JSON object"),
        (ANY, '"Ann"', "not a JSON object"),
        (ANY, "null", "not valid JSON"),
        (PERSON, '{"age":5}', "'name' is a required property"),
        (PERSON, '{"name":"Ann","age":"5"}', "$.age: '5' is not of type 'integer'"),
    ],
)
def test_another_answer_is_not_given_but_asked_for_again(wanted, answer, why):
    chunks, trouble = said(wanted, answer)
    assert chunks == []
    assert trouble.said == answer
    assert why in trouble.correction
    assert why in trouble.problem
    assert instruction(wanted) in trouble.correction


def test_nothing_is_given_before_the_answer_is_whole():
    stage = StructuredStage(ANY)
    assert [*stage.feed(ReasoningDelta("Hm"))] == [ReasoningDelta("Hm")]
    assert [*stage.feed(TextDelta('{"a"'))] == []
    assert [*stage.feed(SOURCE)] == [SOURCE]
    assert [*stage.feed(TextDelta(":1}"))] == []
    assert [*stage.finish()] == [TextDelta('{"a":1}')]


def test_a_citation_keeps_its_place_in_an_answer_that_is_given_as_it_is():
    chunks, _ = said(ANY, '{"a":"x[[1]](https://a.example/)', CITED, '"}')
    assert chunks[1] == CITED
    assert chunks[0].text.endswith("[[1]](https://a.example/)")


def test_a_citation_goes_where_the_text_around_the_json_goes():
    chunks, _ = said(ANY, "See [[1]](https://a.example/)", CITED, SOURCE, ': {"a":1}')
    assert chunks == [SOURCE, TextDelta('{"a":1}')]


def test_with_a_tool_call_the_text_is_no_answer_and_stands_before_it():
    call = ToolCall("call_1", "f", "{}")
    chunks, trouble = said(PERSON, "I look.", call, "Then more.")
    assert chunks == [TextDelta("I look."), call, TextDelta("Then more.")]
    assert trouble is None


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nonsense"},
        {"type": "object", "properties": []},
        {"properties": {"a": {"pattern": "("}}},
        {"$schema": 5},
        {"$ref": 5},
        {"$ref": "https://a.example/schema.json"},
        {"$ref": "#/$defs/missing"},
        {"$ref": "#"},
        {"$dynamicRef": "#missing"},
        {"$ref": "#/x", "x": {"type": "nonsense"}},
        {"$ref": "#/x", "x": {"allOf": 5}},
        {"$ref": "#/x", "x": {"required": 5}},
    ],
)
def test_a_schema_that_cannot_be_applied_is_the_callers_mistake(schema):
    with pytest.raises(InvalidRequestError) as caught:
        check_schema(schema, "response_format.json_schema.schema")
    assert caught.value.param == "response_format.json_schema.schema"


@pytest.mark.parametrize(
    "schema",
    [
        {},
        PERSON.schema,
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "object"}}},
        {"type": "object", "properties": {"child": {"$ref": "#"}}},
        {"$schema": "https://unknown.example/", "type": "object"},
    ],
)
def test_a_usable_schema_is_accepted(schema):
    check_schema(schema, "x")


def doubling(depth, **reference):
    """Each definition refers to the next one twice."""
    definitions = {
        f"d{number}": {"allOf": [{"$ref": f"#/$defs/d{number + 1}", **reference}] * 2}
        for number in range(depth)
    }
    return {"$ref": "#/$defs/d0", "$defs": {**definitions, f"d{depth}": {"type": "object"}}}


@pytest.mark.parametrize(
    "schema",
    [
        doubling(40),
        doubling(40, **{"$schema": "https://json-schema.org/draft/2020-12/schema"}),
        {"properties": {f"{number}": {"description": "x" * 1000} for number in range(100)}},
    ],
)
def test_a_schema_that_is_too_much_work_is_the_callers_mistake(schema):
    with pytest.raises(InvalidRequestError, match=r"too long|larger"):
        check_schema(schema, "x")


def test_a_schema_that_multiplies_with_the_answer_ends_it():
    schema = {"allOf": [{"properties": {"a": {"$ref": "#"}}}] * 2}
    check_schema(schema, "x")
    with pytest.raises(InvalidRequestError, match="too long"):
        said(AnswerFormat(schema), '{"a":' * 40 + "{}" + "}" * 40)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^[^@]+@[^@]+\\.[a-z]+$", "ann@a.example"),
        ("^\\d{4}-\\d{2}-\\d{2}$", "2026-11-21"),
        ("^#[0-9a-f]{3,6}$", "#c0ffee"),
        ("x", "x" * 100_000),
    ],
)
def test_a_pattern_is_insisted_on(pattern, text):
    wanted = AnswerFormat({"properties": {"a": {"pattern": pattern}}})
    assert said(wanted, json.dumps({"a": text}))[1] is None
    assert said(wanted, '{"a":"?"}')[1] is not None


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"pattern": "^(a+)+$"}}},
        {"properties": {"a": {"pattern": "(?:a|a)*$"}}},
        {"properties": {"a": {"pattern": "a?" * 30 + "a" * 30}}},
        {"properties": {"a": {"pattern": "a*a*a*a*a*$"}}},
        {"patternProperties": {"^(a+)+$": {}}, "additionalProperties": False},
    ],
)
def test_a_pattern_that_may_run_for_ever_is_not_tried(schema):
    check_schema(schema, "x")
    value = "a" * 5000 + "!"
    started = time.monotonic()
    said(AnswerFormat(schema), json.dumps({"a": value, value: 1}))
    assert time.monotonic() - started < 5


def test_an_answer_nested_beyond_measure_is_asked_for_again():
    schema = {"type": "object", "properties": {"a": {"$ref": "#"}}}
    deep = '{"a":' * 900 + "{}" + "}" * 900
    chunks, trouble = said(AnswerFormat(schema), deep)
    assert (chunks, bool(trouble)) == ([], True)
    assert said(ANY, "[" * 100_000)[1] is not None


def test_a_reference_that_only_the_answer_brings_up_is_the_callers_mistake():
    schema = {"properties": {"a": {"$ref": "#/$defs/missing"}}}
    with pytest.raises(InvalidRequestError, match="refers to something"):
        said(AnswerFormat(schema), '{"a":1}')


def test_the_instruction_holds_the_schema():
    assert json.dumps(PERSON.schema, separators=(",", ":")) in instruction(PERSON)


@pytest.mark.parametrize(
    "said",
    [
        "```\n" + " " * 200_000 + "x",
        "{" + "[[1]](a" * 30_000 + "}",
        "```\n" + "``` " * 50_000 + "x",
    ],
)
def test_the_time_to_find_the_json_grows_with_the_length_alone(said):
    started = time.monotonic()
    assert bare_json(said) == said.strip()
    assert time.monotonic() - started < 2


def test_bare_json_gives_back_what_holds_none():
    assert bare_json(" words ") == "words"
