"""A client of the gateway that believes nothing: every byte of an answer is checked."""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

MODEL = "grok-chat-fast"
_SOURCES = ("annotations", "search_sources")
_ERROR_FIELDS = {"message", "type", "param", "code", "request_id"}


class BrokenAnswerError(AssertionError):
    """The gateway said what no gateway may say."""


@dataclass(slots=True)
class Answer:
    """What a client got. `events` are those of a stream, with ids and times taken out."""

    status: int
    headers: dict[str, str]
    seconds: float
    text: str = ""
    reasoning: str = ""
    citations: list[str] = field(default_factory=list)
    finished: bool = False
    error: dict[str, Any] | None = None
    events: list[Any] = field(default_factory=list)
    pings: int = 0

    @property
    def code(self) -> str:
        """Of the error; empty when there is none."""
        return "" if self.error is None else str(self.error["code"])


@dataclass(frozen=True, slots=True)
class Client:
    """`limit_s` is the longest time an answer may take in all."""

    http: aiohttp.ClientSession
    url: str
    key: str
    limit_s: float = 30.0

    async def ask(self, *, stream: bool, prompt: str = "Hello") -> Answer:
        """Raise BrokenAnswerError for an answer that breaks a rule, TimeoutError for a hang."""
        body = {
            "model": MODEL,
            "messages": [{"role": "user", "content": prompt}],
            "stream": stream,
        }
        started = time.monotonic()
        timeout = aiohttp.ClientTimeout(total=self.limit_s)
        headers = {"Authorization": f"Bearer {self.key}"}
        try:
            async with self.http.post(
                f"{self.url}/v1/chat/completions", json=body, headers=headers, timeout=timeout
            ) as response:
                raw = await response.read()
                answer = Answer(
                    response.status,
                    {name.lower(): value for name, value in response.headers.items()},
                    time.monotonic() - started,
                )
        except aiohttp.ClientError as error:
            raise BrokenAnswerError(f"not HTTP: {error!r}") from error
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            _expect(stream, "a stream that nobody asked for")
            _read_stream(answer, raw)
        else:
            _read_whole(answer, raw, stream=stream)
        return answer


def _expect(condition: object, otherwise: str, raw: bytes = b"") -> None:
    if not condition:
        raise BrokenAnswerError(f"{otherwise}: {raw[-300:]!r}" if raw else otherwise)


def _read_whole(answer: Answer, raw: bytes, *, stream: bool) -> None:
    _expect(answer.headers.get("content-type") == "application/json", "no JSON", raw)
    value = _parse(raw)
    if answer.status != 200:
        answer.error = _error_of(value, raw)
        if answer.status in (429, 503):
            _expect(answer.headers.get("retry-after", "").isdigit(), "no Retry-After", raw)
        return
    _expect(not stream, "a whole answer instead of a stream", raw)
    _expect("error" not in value, "an error with status 200", raw)
    (choice,) = value["choices"]
    message = choice["message"]
    _expect(message["role"] == "assistant", "no role", raw)
    _expect(choice["finish_reason"] == "stop", "not finished", raw)
    answer.text = message["content"]
    answer.reasoning = message.get("reasoning_content", "")
    answer.citations = value.get("citations", [])
    _check_annotations(answer.text, message.get("annotations", ()), raw)
    answer.finished = True
    answer.events = [_without_ids(value)]


def _read_stream(answer: Answer, raw: bytes) -> None:
    _expect(answer.status == 200, "a stream with an error's status", raw)
    *blocks, rest = raw.split(b"\n\n")
    _expect(rest == b"", "an unfinished event", raw)
    is_done = False
    for block in blocks:
        _expect(not is_done, "something after [DONE]", raw)
        _expect(answer.error is None, "something after an error", raw)
        if block == b": ping":
            answer.pings += 1
            continue
        _expect(block.startswith(b"data: ") and b"\n" not in block, "no event", block)
        data = block.removeprefix(b"data: ")
        if data == b"[DONE]":
            is_done = True
        else:
            _read_event(answer, _parse(data), data)
    _expect(is_done == answer.finished, "[DONE] without a finish, or the reverse", raw)
    _expect(is_done or answer.error is not None, "a stream that just ends", raw)
    _same([event for event in answer.events if "error" not in event], raw)
    answer.events = [_without_ids(event) for event in answer.events]


def _read_event(answer: Answer, event: Any, data: bytes) -> None:
    first = not answer.events
    answer.events.append(event)
    if "error" in event:
        answer.error = _error_of(event, data)
        return
    _expect(event["object"] == "chat.completion.chunk", "another object", data)
    _expect(not answer.finished, "a chunk after the finish", data)
    (choice,) = event["choices"]
    _expect(choice["index"] == 0, "no index", data)
    delta = choice["delta"]
    _expect(("role" in delta) == first, "a role too many or too few", data)
    _expect(delta.get("role", "assistant") == "assistant", "another role", data)
    sources = {name: delta.pop(name) for name in _SOURCES if name in delta}
    _expect(delta.keys() <= {"role", "content", "reasoning_content"}, "unknown delta", data)
    answer.text += delta.get("content", "")
    answer.reasoning += delta.get("reasoning_content", "")
    if choice["finish_reason"] is not None:
        _expect(choice["finish_reason"] == "stop" and not delta, "a strange finish", data)
        answer.finished = True
        answer.citations = event.get("citations", [])
        _check_annotations(answer.text, sources.get("annotations", ()), data)
    else:
        _expect(not sources, "sources before the end", data)


def _check_annotations(text: str, annotations: Sequence[Any], raw: bytes) -> None:
    """Each one spans its own marker in the text."""
    for annotation in annotations:
        cited = annotation["url_citation"]
        marker = text[cited["start_index"] : cited["end_index"]]
        _expect(re.fullmatch(r"\[\[\d+\]\]\(.+\)", marker), "an annotation beside its marker", raw)
        _expect(cited["url"] in marker, "an annotation of another marker", raw)


def _same(chunks: Sequence[Any], raw: bytes) -> None:
    """All chunks of a stream name the same answer."""
    names = {(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks}
    _expect(len(names) <= 1, "several answers in one stream", raw)


def _error_of(value: Any, raw: bytes) -> dict[str, Any]:
    _expect(isinstance(value, dict) and set(value) == {"error"}, "no error object", raw)
    error = value["error"]
    _expect(set(error) == _ERROR_FIELDS, "another error object", raw)
    for name in ("message", "type", "code", "request_id"):
        _expect(isinstance(error[name], str) and error[name], f"no {name}", raw)
    _expect("<html" not in error["message"].lower(), "a page in the message", raw)
    _expect(re.fullmatch(r"req_\w+", error["request_id"]), "a strange request id", raw)
    return dict(error)


def _parse(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8", "strict"))
    except ValueError as error:
        raise BrokenAnswerError(f"not JSON: {data[-300:]!r}") from error


def _without_ids(value: Any) -> Any:
    volatile = ("id", "created", "request_id")
    if isinstance(value, dict):
        return {k: _without_ids(v) for k, v in value.items() if k not in volatile}
    return [_without_ids(item) for item in value] if isinstance(value, list) else value
