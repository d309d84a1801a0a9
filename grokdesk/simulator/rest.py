"""The REST chat: one POST, one stream of JSON frames."""

import asyncio
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

import msgspec
from aiohttp import web

from grokdesk.simulator import connection, pages
from grokdesk.simulator.accounts import Account
from grokdesk.simulator.answer import Answer, Ending, Fault
from grokdesk.simulator.framing import CONTENT_TYPES, Framer, batched, cutter
from grokdesk.simulator.outcomes import early_ending, refusal_of
from grokdesk.simulator.rest_frames import RestFrames
from grokdesk.simulator.scenario import Scenario
from grokdesk.simulator.site import Site
from grokdesk.simulator.stats import OpenChat, ReceivedPrompt

PATH: Final = "/rest/app-chat/conversations/new"

_MODES: Final = {"MODEL_MODE_EXPERT": "expert", "MODEL_MODE_HEAVY": "heavy"}


class ChatBody(msgspec.Struct, rename="camel"):
    message: str
    mode_id: str | None = None
    model_name: str | None = None
    model_mode: str | None = None
    file_attachments: list[str] = []

    @property
    def mode(self) -> str:
        """The quota that pays; bodies of early 2026 name it by an enum, if at all."""
        return self.mode_id or _MODES.get(self.model_mode or "", "fast")


_ABRUPT: Final = frozenset(
    {Ending.STALL, Ending.CUT, Ending.BROKEN, Ending.SESSION_ENDED},
)

_decoder: Final = msgspec.json.Decoder(ChatBody)


async def chat(site: Site, request: web.BaseRequest, account: Account) -> web.StreamResponse:
    if not site.script.rest_enabled:
        return pages.not_found()
    with site.stats.open_chat("rest", account.token) as open_chat:
        scenario = account.next_chat(site.script)
        refusal = refusal_of(scenario, "rest")
        if refusal is not None:
            await request.read()
            open_chat.finished = True
            return refusal.response(account.retry_after_s(site.script))
        early = early_ending(scenario)
        if early is not None:
            return await _say_nothing(request, open_chat, early)
        return await _take_turn(site, request, account, scenario, open_chat)


async def _say_nothing(
    request: web.BaseRequest, open_chat: OpenChat, ending: Ending
) -> web.StreamResponse:
    await request.read()
    if ending is Ending.SILENT:
        await connection.forever()
    open_chat.finished = True
    connection.reset(request)
    return web.Response()


async def _take_turn(
    site: Site,
    request: web.BaseRequest,
    account: Account,
    scenario: Scenario,
    open_chat: OpenChat,
) -> web.StreamResponse:
    try:
        body = _decoder.decode(await request.read())
    except msgspec.DecodeError as exc:
        open_chat.finished = True
        return pages.invalid(str(exc))
    prompt = ReceivedPrompt(
        account.token, "rest", body.mode, body.message, tuple(body.file_attachments)
    )
    site.received(prompt)
    if site.script.raw_rest_bytes:
        answer, groups = Answer(), iter((site.script.raw_rest_bytes.pop(0),))
    else:
        answer = site.answer(account, scenario, prompt)
        groups = _groups(answer, _new_turn(site, prompt), Framer(site.script.framing))
    return await _send(site, request, answer, groups, open_chat)


def _new_turn(site: Site, prompt: ReceivedPrompt) -> RestFrames:
    return RestFrames(
        prompt.text,
        conversation_id=site.new_id(),
        user_id=site.new_id(),
        response_id=site.new_id(),
    )


def _groups(answer: Answer, turn: RestFrames, framer: Framer) -> Iterator[bytes]:
    """The bytes of the stream; between two groups a slow answer pauses."""
    match answer.ending:
        case Ending.EMPTY:
            return
        case Ending.GARBAGE:
            yield pages.GARBAGE
            return
        case Fault() if not answer.steps:
            yield framer.opening + framer.join((turn.conversation(),))
        case _:
            yield framer.opening + framer.join(turn.opening())
    for step in answer.steps:
        yield framer.join(turn.step(step))
    match answer.ending:
        case Fault() as fault:
            yield framer.join((turn.fault(fault),))
        case Ending.COMPLETE:
            yield framer.join(turn.closing()) + framer.closing
        case Ending.BROKEN | Ending.SESSION_ENDED:
            unfinished = framer.join(turn.closing())
            yield unfinished[: len(unfinished) // 2]
        case _:
            pass


async def _send(
    site: Site,
    request: web.BaseRequest,
    answer: Answer,
    groups: Iterator[bytes],
    open_chat: OpenChat,
) -> web.StreamResponse:
    script = site.script
    if script.first_delay_s:
        await asyncio.sleep(script.first_delay_s)
    paced = site.chunk_delay_s(answer) > 0
    writes = groups if paced else batched(groups)
    first, second = next(writes, b""), next(writes, None)
    headers = {"Content-Type": CONTENT_TYPES[script.framing]}
    if second is None and script.split == "none" and answer.ending not in _ABRUPT:
        site.finish(open_chat, answer)
        return web.Response(body=first, headers=headers)
    response = web.StreamResponse(headers=headers)
    response.enable_chunked_encoding()
    await response.prepare(request)
    cut = cutter(script.split, script.seed)
    await _write(response, cut(first))
    for data in writes if second is None else chain((second,), writes):
        if paced:
            await asyncio.sleep(site.chunk_delay_s(answer))
        await _write(response, cut(data))
    await _end(site, request, answer, open_chat)
    return response


async def _write(response: web.StreamResponse, parts: Iterable[bytes]) -> None:
    for part in parts:
        await response.write(part)


async def _end(site: Site, request: web.BaseRequest, answer: Answer, open_chat: OpenChat) -> None:
    if answer.ending is Ending.STALL:
        await connection.forever()
    site.finish(open_chat, answer)
    if answer.ending is Ending.CUT:
        await connection.reset_after_delivery(request)
    elif answer.ending in _ABRUPT:
        connection.hang_up(request)
