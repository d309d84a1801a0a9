"""Golden files: requests and the gateway's answers to them, to the byte, kept under `golden/`.

    gateway.upstream.play = SCRIPTS["plain"]
    recording = await record(http, gateway, "/v1/chat/completions", chat_body(stream=True))
    recording.check("chat/plain")

`GROKDESK_GOLDEN=update` writes the files anew; look at the difference before it is committed. What
differs from run to run is replaced first: ids (the same id becomes the same stand-in), times and
signatures. `replay` serves a file again, so that a client's own parser can read what is kept.
"""

import asyncio
import contextlib
import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
from aiohttp import web

from grokdesk.domain.chat import ReasoningDelta
from grokdesk.domain.errors import ContentRefusedError, RateLimitedError
from tests.gateway.stand_in import RunningGateway, Script, fails, hangs, says, thinks

_FOLDER = Path(__file__).with_name("golden")
_SWITCH = "GROKDESK_GOLDEN"

WEATHER_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
"""Of the tool `weather` that the scripts call."""


def _call(city: str) -> str:
    return (
        "<tool_call><tool_name>weather</tool_name>"
        f'<parameters>{{"city":"{city}"}}</parameters></tool_call>'
    )


def _calls(*cities: str) -> str:
    return f"<tool_calls>{''.join(map(_call, cities))}</tool_calls>"


SCRIPTS: Mapping[str, Script] = {
    "plain": says("Hello", ", world."),
    "reasoning": thinks("Hm.", "42"),
    "one_tool": says(_calls("Oslo")),
    "two_tools": says(_calls("Oslo", "Bergen")),
    "text_and_tool": says(ReasoningDelta("Hm."), "Let me", " see.\n", _calls("Oslo")),
    "length": says("one two three four ", "five six seven eight ", "nine ten"),
    "stop": says("Alpha B", "eta END", " Gamma"),
    "error_first": fails(RateLimitedError("Used up.", retry_after=60)),
    "error_middle": fails(ContentRefusedError("Grok declined this."), "Well"),
    "cancel": hangs("Well"),
}
"""What upstream says in the cases that every dialect has a file for.

`stop` is cut by the stop text `END`, `length` by a limit of 5 tokens; in `cancel` the client leaves
after `Well`.
"""


@dataclass(frozen=True)
class Recording:
    """A request and the answer to it. `body` is as it came, ids and times included."""

    method: str
    path: str
    sent: bytes
    status: int
    content_type: str
    body: bytes

    @property
    def text(self) -> str:
        """As it is kept."""
        head = f"> {self.method} {self.path}\n"
        if self.sent:
            head += f"> {self.sent.decode()}\n"
        text = f"{head}< {self.status} {self.content_type}\n\n{_stable(self.body.decode())}"
        return text if text.endswith("\n") else f"{text}\n"

    def check(self, name: str) -> None:
        """Fail where the file says otherwise; `name` is like `chat/plain`."""
        path = _path(name)
        if os.environ.get(_SWITCH) == "update":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.text, encoding="utf-8", newline="\n")
        assert path.exists(), f"{path} is missing; {_SWITCH}=update writes it"
        assert self.text == path.read_text(encoding="utf-8")


async def record(
    http: aiohttp.ClientSession,
    gateway: RunningGateway,
    path: str,
    body: object = None,
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    leave_after: bytes = b"",
) -> Recording:
    """With `leave_after` the client hangs up once it has seen that, and upstream is waited for."""
    sent = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    recording = Recording(method, path, sent, 0, "", b"")
    all_headers = {"Content-Type": "application/json", **gateway.headers, **(headers or {})}
    async with http.request(
        method, gateway.origin + path, data=sent or None, headers=all_headers
    ) as response:
        recording = replace(
            recording, status=response.status, content_type=response.headers["Content-Type"]
        )
        came = b""
        async for piece in response.content.iter_any():
            came += piece
            if leave_after and leave_after in came:
                response.close()
                break
    if leave_after:
        assert leave_after in came, came
        async with asyncio.timeout(5):
            while gateway.upstream.running:
                await asyncio.sleep(0.005)
    return replace(recording, body=came)


def kept(name: str) -> Recording:
    """A file as a recording."""
    head, _, body = _path(name).read_text(encoding="utf-8").partition("\n\n")
    first, *sent, last = head.splitlines()
    method, path = first.removeprefix("> ").split(" ", 1)
    status, content_type = last.removeprefix("< ").split(" ", 1)
    request = "\n".join(line.removeprefix("> ") for line in sent)
    return Recording(method, path, request.encode(), int(status), content_type, body.encode())


@contextlib.asynccontextmanager
async def replay(name: str) -> AsyncIterator[str]:
    """The origin of a server whose only answer, whatever is asked, is the kept one."""
    recording = kept(name)

    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.Response(
            status=recording.status,
            body=recording.body,
            headers={"Content-Type": recording.content_type},
        )

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield site.name
    finally:
        await runner.cleanup()


@dataclass(frozen=True)
class SentEvent:
    """One server-sent event; `data` is decoded where it is JSON."""

    name: str
    data: object


def events_of(body: bytes) -> list[SentEvent]:
    """Comments are no events."""
    return [
        _event(block)
        for block in body.decode().split("\n\n")
        if any(line.startswith("data:") for line in block.split("\n"))
    ]


def _event(block: str) -> SentEvent:
    name, data = "", ""
    for line in block.split("\n"):
        if line.startswith("event:"):
            name = line.removeprefix("event:").strip()
        elif line.startswith("data:"):
            data += line.removeprefix("data:").strip()
    return SentEvent(name, json.loads(data) if data.startswith("{") else data)


def _path(name: str) -> Path:
    return _FOLDER / f"{name}.txt"


_ID = re.compile(
    r'"(chatcmpl-|cmpl-|(?:call|resp|msg|fc|ctc|rs|ws|item|toolu|srvtoolu|file|req)_)'
    r'((?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{8,})"'
)
_FIXED = (
    (re.compile(r'("(?:created|created_at|completed_at|expires_at)": ?)\d+(\.\d+)?'), r"\g<1>0"),
    (re.compile(r'("(?:created_at|modified_at)": ?)"[^"]+"'), r'\1"2026-01-01T00:00:00Z"'),
    (re.compile(r'("\w+_duration": ?)\d+'), r"\g<1>1"),
    (re.compile(r'("(?:signature|encrypted_content)": ?)"[^"]+"'), r'\1"SIGNATURE"'),
)


def _stable(text: str) -> str:
    names: dict[str, str] = {}
    counts: dict[str, int] = {}

    def stand_in(found: re.Match[str]) -> str:
        prefix, id = found.groups()
        if id not in names:
            counts[prefix] = counts.get(prefix, 0) + 1
            # As long as an id may be, so that a kept file is stable under this as well.
            names[id] = f"{counts[prefix]:012}"
        return f'"{prefix}{names[id]}"'

    text = _ID.sub(stand_in, text)
    for pattern, fixed in _FIXED:
        text = pattern.sub(fixed, text)
    return text
