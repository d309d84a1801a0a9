"""The chat over a WebSocket: one socket, one turn, frames in a fixed order."""

from collections.abc import Iterator
from typing import Final

from aiohttp import web

from grokdesk.simulator import connection, pages
from grokdesk.simulator.accounts import Account
from grokdesk.simulator.answer import Answer, Ending, Fault
from grokdesk.simulator.framing import batched
from grokdesk.simulator.mgw_client import ClientFrame, SessionRequest, attachments_of, prompt_of
from grokdesk.simulator.mgw_frames import GARBAGE, MgwFrames
from grokdesk.simulator.mgw_replay import Replay
from grokdesk.simulator.mgw_socket import ChatSocket, ClientLeftError, ViolationError
from grokdesk.simulator.outcomes import early_ending, refusal_of
from grokdesk.simulator.scenario import Scenario
from grokdesk.simulator.site import Conversation, Site
from grokdesk.simulator.stats import OpenChat, ReceivedPrompt

PATH: Final = "/ws/mgw/"

_ORIGIN: Final = "https://grok.com"


async def chat(site: Site, request: web.BaseRequest, account: Account) -> web.StreamResponse:
    if not site.script.mgw_enabled:
        return pages.not_found()
    with site.stats.open_chat("mgw", account.token) as open_chat:
        scenario = account.next_chat(site.script)
        refusal = _refused(site, request, account, scenario)
        if refusal is not None:
            open_chat.finished = True
            return refusal
        if early_ending(scenario) is Ending.RESET:
            open_chat.finished = True
            connection.reset(request)
            return web.Response()
        socket = ChatSocket(request, site.stats)
        response = await socket.open()
        if early_ending(scenario) is Ending.SILENT:
            await socket.ignore()
        else:
            await _Turn(site, account, scenario, socket, open_chat).run()
        return response


def _refused(
    site: Site, request: web.BaseRequest, account: Account, scenario: Scenario
) -> web.Response | None:
    refusal = refusal_of(scenario, "mgw")
    if refusal is not None:
        return refusal.response()
    if request.headers.get("Origin") not in {_ORIGIN, site.origin}:
        return pages.denied("Origin not allowed")
    if request.query.get("uid", "").lower() != account.uid:
        return pages.denied("uid does not belong to this session")
    return None


class _Turn:
    def __init__(
        self,
        site: Site,
        account: Account,
        scenario: Scenario,
        socket: ChatSocket,
        open_chat: OpenChat,
    ) -> None:
        self._site = site
        self._account = account
        self._scenario = scenario
        self._socket = socket
        self._open_chat = open_chat
        self._frames = MgwFrames("")

    async def run(self) -> None:
        try:
            await self._converse()
        except ClientLeftError:
            return
        except ViolationError as violation:
            self._open_chat.finished = True
            complaint = Fault(3, str(violation), word=violation.word)
            await self._socket.write_if_open(self._frames.fault(complaint))

    async def _converse(self) -> None:
        create = await self._socket.expect("session.create")
        replay = self._next_replay()
        model, conversation = self._attach(create, replay)
        await self._socket.write(self._handshake(create.event.event_id, replay))
        prompt = await self._prompt(model, create.session_id, conversation)
        self._site.received(prompt)
        if replay is not None:
            await self._say(iter(replay.frames), Answer())
        else:
            answer = self._site.answer(self._account, self._scenario, prompt)
            await self._say(self._render(answer, conversation), answer)

    def _next_replay(self) -> Replay | None:
        recordings = self._site.script.raw_mgw_frames
        return Replay(recordings.pop(0)) if recordings else None

    def _attach(self, create: ClientFrame, replay: Replay | None) -> tuple[str, Conversation]:
        """The model, and the conversation that gives the session its id."""
        session = create.event.session
        if session is None:
            raise ViolationError("session.create without a session")
        if replay is not None and replay.session_id is not None:
            return session.model, self._begin(replay.session_id)
        if create.session_id is None:
            return session.model, self._begin(self._site.new_id())
        return session.model, self._resume(create.session_id, session)

    def _begin(self, session_id: str) -> Conversation:
        self._frames = MgwFrames(session_id)
        return self._site.new_conversation(self._account.token, session_id)

    def _resume(self, session_id: str, session: SessionRequest) -> Conversation:
        self._frames = MgwFrames(session_id)
        if session.x_grok.conversation_id != session_id or not session.x_grok.load_existing:
            raise ViolationError("session_id does not name the conversation to load")
        found = self._site.conversation(self._account.token, session_id)
        if found is None:
            raise ViolationError("Conversation not found", word="not_found")
        return found

    def _handshake(self, event_id: str, replay: Replay | None) -> bytes:
        recorded = replay.handshake(event_id) if replay is not None else b""
        return recorded or self._frames.created(event_id) + self._frames.attached()

    async def _prompt(
        self, model: str, resumed_id: str | None, conversation: Conversation
    ) -> ReceivedPrompt:
        frame = await self._expect_here("conversation.item.create")
        item, parent = frame.event.item, frame.event.parent_response_id
        if item is None:
            raise ViolationError("conversation.item.create without an item")
        if resumed_id is not None and parent is None:
            raise ViolationError("a continued conversation needs a parent_response_id")
        if parent is not None and parent not in conversation.response_ids:
            raise ViolationError("parent_response_id not found", word="not_found")
        await self._expect_here("response.create")
        return ReceivedPrompt(
            self._account.token,
            "mgw",
            model,
            prompt_of(item),
            attachments_of(item),
            resumed_id,
            parent,
        )

    async def _expect_here(self, event_type: str) -> ClientFrame:
        frame = await self._socket.expect(event_type)
        if frame.session_id != self._frames.session_id:
            raise ViolationError(f"{event_type} names another session")
        return frame

    def _render(self, answer: Answer, conversation: Conversation) -> Iterator[bytes]:
        for step in answer.steps:
            yield b"".join(self._frames.step(step))
        match answer.ending:
            case Fault() as fault:
                yield self._frames.fault(fault)
            case Ending.COMPLETE | Ending.EMPTY:
                response_id = self._site.new_id()
                conversation.response_ids.append(response_id)
                yield self._frames.done(response_id)
            case Ending.BROKEN:
                yield self._frames.done(self._site.new_id(), "failed")
            case Ending.SESSION_ENDED:
                yield self._frames.ended()
            case Ending.GARBAGE:
                yield GARBAGE
            case _:
                pass

    async def _say(self, frames: Iterator[bytes], answer: Answer) -> None:
        if self._site.script.first_delay_s:
            await self._socket.pause(self._site.script.first_delay_s)
        paced = self._site.chunk_delay_s(answer) > 0
        for data in frames if paced else batched(frames):
            await self._socket.write(data)
            if paced:
                await self._socket.pause(self._site.chunk_delay_s(answer))
        await self._end(answer)

    async def _end(self, answer: Answer) -> None:
        if answer.ending is not Ending.STALL:
            self._site.finish(self._open_chat, answer)
        if answer.ending is Ending.CUT:
            await self._socket.cut()
        elif answer.ending not in {Ending.SESSION_ENDED, Ending.GARBAGE}:
            await self._socket.listen()
