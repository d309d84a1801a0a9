"""Recorded and composed exchanges as the exact bytes that upstream sends, heads included."""

import enum
import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from grokdesk.simulator.compose import compose
from grokdesk.simulator.mgw_frames import MgwFrames, text_frame
from grokdesk.simulator.rest_frames import RestFrames

Transport = Literal["rest", "mgw"]
Framing = Literal["chunked", "length", "close"]
FRAMINGS: tuple[Framing, ...] = ("chunked", "length", "close")

ACCEPT = b"{what the key of the client}"
"""Stands for the answer to the client's WebSocket key, and is as long."""
EVENT_ID = b"evt_init_3f0c7d8e-0f5a-4d1f-8f0c-2a5d0c9e7b10"
"""Stands for the id of the client's first frame, and is as long."""

CLOSE_FRAME = b"\x88\x02\x03\xe8"

_SAMPLES = Path(__file__).parents[1] / "wire" / "samples"
_SESSION_ID = "0b7f3c52-9d11-4d0a-bf10-6f1f2f3a4b5c"
_RESPONSE_ID = "b9a1f6d2-0002-4a55-9d10-6b8e2c7f0a12"
_SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: " + ACCEPT + b"\r\n\r\n"
)
_ZIPPED_PIECE = 100


class Cue(enum.Enum):
    """What upstream waits for before it says a part."""

    REQUEST = "the whole request"
    CREATE = "session.create"
    QUESTION = "response.create"


@dataclass(frozen=True, slots=True)
class Part:
    cue: Cue
    data: bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """`closes`: the end of the connection is what ends the reply.

    When nothing breaks, it leads to the error `code`, or to an answer with the words `says`.
    """

    name: str
    transport: Transport
    parts: tuple[Part, ...]
    closes: bool = False
    code: str = ""
    says: str = ""

    @property
    def size(self) -> int:
        return sum(len(part.data) for part in self.parts)

    @property
    def data(self) -> bytes:
        return b"".join(part.data for part in self.parts)

    def __str__(self) -> str:
        return self.name


def rest(
    name: str,
    pieces: Sequence[bytes],
    framing: Framing = "chunked",
    *,
    status: str = "200 OK",
    headers: Sequence[tuple[str, str]] = (("Content-Type", "application/json"),),
    zipped: bool = False,
    code: str = "",
    says: str = "",
) -> Exchange:
    """A reply over HTTP; each of `pieces` is a chunk of its own."""
    lines = [*headers]
    if zipped:
        lines.append(("Content-Encoding", "gzip"))
        pieces = _zip(pieces)
    body = b"".join(pieces)
    match framing:
        case "chunked":
            lines.append(("Transfer-Encoding", "chunked"))
            body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
            body += b"0\r\n\r\n"
        case "length":
            lines.append(("Content-Length", str(len(body))))
        case "close":
            lines.append(("Connection", "close"))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    reply = f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body
    parts = (Part(Cue.REQUEST, reply),)
    return Exchange(name, "rest", parts, framing == "close", code, says)


def mgw(
    name: str,
    greeting: Iterable[bytes],
    answer: Iterable[bytes],
    *,
    code: str = "",
    says: str = "",
) -> Exchange:
    """A turn on the chat socket, of ready-made frames."""
    parts = (
        Part(Cue.REQUEST, _SWITCH),
        Part(Cue.CREATE, b"".join(greeting)),
        Part(Cue.QUESTION, b"".join(answer)),
    )
    return Exchange(name, "mgw", parts, code=code, says=says)


def refused_handshake(
    name: str,
    status: str,
    body: bytes,
    headers: Sequence[tuple[str, str]] = (),
    *,
    code: str = "",
) -> Exchange:
    plain = rest(name, [body], "length", status=status, headers=headers)
    return Exchange(name, "mgw", plain.parts, code=code)


def recorded(
    sample: str, framing: Framing = "chunked", *, code: str = "", says: str = ""
) -> Exchange:
    """A sample of tests/wire; on the socket there is one framing only."""
    lines = recorded_lines(sample)
    if sample.startswith("mgw-"):
        frames = [text_frame(line.rstrip()) for line in lines]
        name = sample.replace("mgw-server-", "mgw ")
        return mgw(name, frames[:2], frames[2:], code=code, says=says)
    kind = "text/event-stream" if ".sse." in sample else "application/json"
    name = f"{sample.replace('rest-', 'rest ', 1)} {framing}"
    headers = [("Content-Type", kind)]
    return rest(name, lines, framing, headers=headers, code=code, says=says)


def recorded_lines(sample: str) -> list[bytes]:
    """With their ends."""
    return (_SAMPLES / sample).read_bytes().splitlines(keepends=True)


def composed_rest(prompt: str, *, zipped: bool = False, says: str = "") -> Exchange:
    """What the simulator would answer to the prompt."""
    turn = RestFrames(
        prompt, conversation_id=_SESSION_ID, user_id=_SESSION_ID, response_id=_RESPONSE_ID
    )
    frames = [*turn.opening()]
    for step in compose(prompt).steps:
        frames += turn.step(step)
    frames += turn.closing()
    name = f"rest {prompt}{' gzip' if zipped else ''}"
    return rest(name, [frame + b"\n" for frame in frames], zipped=zipped, says=says)


def composed_mgw(prompt: str, *, fragmented: bool = False, says: str = "") -> Exchange:
    """The same on the socket. Fragmented: each message in two frames, with a ping between them,
    and a close frame at the end."""
    turn = MgwFrames(_SESSION_ID)
    greeting = [turn.created(EVENT_ID.decode()), turn.attached()]
    frames = [frame for step in compose(prompt).steps for frame in turn.step(step)]
    frames.append(turn.done(_RESPONSE_ID))
    if not fragmented:
        return mgw(f"mgw {prompt}", greeting, frames, says=says)
    pieces = [piece for frame in frames for piece in _fragments(frame)]
    return mgw(f"mgw {prompt} fragmented", greeting, [*pieces, CLOSE_FRAME], says=says)


def after_hints(exchange: Exchange) -> Exchange:
    """With an interim answer before the real one."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
    parts = (Part(Cue.REQUEST, hints + exchange.data),)
    return replace(exchange, name=f"{exchange.name} after hints", parts=parts)


def with_line_ends(exchange: Exchange, line_end: bytes) -> Exchange:
    """A chunked reply over HTTP whose lines end otherwise than with a line feed."""
    head, _, body = exchange.data.partition(b"\r\n\r\n")
    lines = [line.rstrip(b"\r") for line in _unchunked(body).split(b"\n") if line.strip()]
    pieces = [line + line_end for line in lines]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    parts = (Part(Cue.REQUEST, head + b"\r\n\r\n" + chunks),)
    return replace(exchange, name=f"{exchange.name} {line_end!r}", parts=parts)


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest_of_it = body.partition(b"\r\n")
        whole += rest_of_it[: int(size, 16)]
        body = rest_of_it[int(size, 16) + 2 :]
    return whole


def _zip(pieces: Sequence[bytes]) -> Sequence[bytes]:
    packed = gzip.compress(b"".join(pieces), mtime=0)
    return [packed[at : at + _ZIPPED_PIECE] for at in range(0, len(packed), _ZIPPED_PIECE)]


def _fragments(frame: bytes) -> Iterable[bytes]:
    """Cut in the middle, be it inside a character: the rules of WebSocket allow it."""
    payload = frame[2 + {126: 2, 127: 8}.get(frame[1], 0) :]
    middle = len(payload) // 2
    yield b"\x01" + text_frame(payload[:middle])[1:]
    yield b"\x89\x02hi"
    yield b"\x80" + text_frame(payload[middle:])[1:]


def _copper(sample: str, framing: Framing = "chunked") -> Exchange:
    return recorded(sample, framing, says="the anhydrous salt is almost white.")


_FLAG = "🇳🇴"
_HTML = (("Content-Type", "text/html; charset=UTF-8"),)
_CHALLENGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>"
_OUT_OF_ORDER = b'{"error":{"code":13,"message":"Internal error","details":[]}}'

REST = (
    _copper("rest-chat-plain.ndjson"),
    _copper("rest-chat-plain.ndjson", "close"),
    _copper("rest-chat-plain.sse.txt", "length"),
    _copper("rest-chat-plain.concatenated.txt"),
    _copper("rest-chat-plain-feb.ndjson", "length"),
    recorded("rest-chat-suffix-completion.ndjson", says="is bright blue."),
    recorded("rest-chat-suffix-completion.ndjson", "close", says="is bright blue."),
    _copper("rest-chat-thinking.ndjson"),
    recorded("rest-chat-search.ndjson", says="hobbyists grow crystals"),
    recorded("rest-chat-image-lite.ndjson", says="![image]"),
    recorded("rest-chat-image-lite-feb.ndjson", says="![image]"),
    recorded("rest-chat-image-lite-moderated.ndjson", code="content_policy_violation"),
    recorded("rest-error-inband-midstream.ndjson", code="upstream_unavailable"),
    recorded("rest-error-inband-antibot.ndjson", code="upstream_rejected"),
    recorded("rest-error-inband-ratelimit.ndjson", code="quota_exhausted"),
    recorded("rest-error-nested-usage-limit.ndjson", code="quota_exhausted"),
    composed_rest("!think !unicode", says=_FLAG),
    composed_rest("!unicode", zipped=True, says=_FLAG),
    after_hints(recorded("rest-chat-suffix-completion.ndjson", says="is bright blue.")),
    rest(
        "rest status 500",
        [_OUT_OF_ORDER],
        "length",
        status="500 Internal Server Error",
        code="upstream_unavailable",
    ),
    rest(
        "rest challenge",
        [_CHALLENGE],
        status="403 Forbidden",
        headers=_HTML,
        code="upstream_challenge",
    ),
)

MGW = (
    _copper("mgw-server-plain.ndjson"),
    _copper("mgw-server-thinking.ndjson"),
    recorded("mgw-server-image-lite.ndjson", says="![image]"),
    recorded("mgw-server-error-antibot.ndjson", code="upstream_rejected"),
    recorded("mgw-server-error-usage-limit.ndjson", code="quota_exhausted"),
    recorded("mgw-server-incomplete.ndjson", code="upstream_incomplete"),
    recorded("mgw-server-session-ended.ndjson", code="upstream_incomplete"),
    composed_mgw("!think !unicode", says=_FLAG),
    composed_mgw("!search", says="According to the first source"),
    composed_mgw("!unicode", fragmented=True, says=_FLAG),
    refused_handshake(
        "mgw status 503", "503 Service Unavailable", _OUT_OF_ORDER, code="upstream_busy"
    ),
)

EXCHANGES = REST + MGW
