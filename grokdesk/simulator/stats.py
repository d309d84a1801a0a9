"""What the simulator has seen: counters for tests, the benchmark and the demo."""

import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

Transport = Literal["rest", "mgw"]
RawHeaders = tuple[tuple[bytes, bytes], ...]

_KEPT = 1000


@dataclass(frozen=True, slots=True)
class ReceivedPrompt:
    token: str
    transport: Transport
    mode: str
    text: str
    attachments: tuple[str, ...] = ()
    conversation_id: str | None = None
    """Set when the client continues a conversation."""
    parent_response_id: str | None = None
    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Upload:
    token: str
    path: str
    file_id: str
    file_name: str
    mime_type: str
    size_bytes: int
    sha256: str
    file_source: str | None = None


@dataclass(slots=True, eq=False)
class OpenChat:
    """A chat connection; mark it finished when the simulator has said all it wanted to say."""

    finished: bool = False


@dataclass(slots=True)
class Stats:
    requests: Counter[str] = field(default_factory=Counter)
    """Per path without the query string; asset ids are cut off."""
    chats: Counter[str] = field(default_factory=Counter)
    """Per token: REST chats and socket upgrades, refused ones included."""
    transports: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    """Turns that were answered to the end."""
    closed_early: int = 0
    """Chat connections that the client closed before the end of its turn."""
    closed_early_at: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))
    """time.monotonic() of each."""
    challenged: int = 0
    """Requests that Cloudflare's check did not let in (see `Script.clearances`)."""
    pings: int = 0
    """Heartbeat frames received on chat sockets."""
    connections: int = 0
    """TCP connections accepted so far."""
    open_connections: int = 0
    """TCP connections open now, idle ones included."""
    prompts: deque[ReceivedPrompt] = field(default_factory=lambda: deque(maxlen=_KEPT))
    uploads: deque[Upload] = field(default_factory=lambda: deque(maxlen=_KEPT))
    deleted_assets: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT))
    raw_headers: dict[str, RawHeaders] = field(default_factory=dict)
    """Of the last request of each path, as sent: order, case and repeats."""
    _open: set[OpenChat] = field(default_factory=set, init=False, repr=False)

    @property
    def open_chats(self) -> int:
        """Chat connections open now, over both transports."""
        return len(self._open)

    @contextmanager
    def open_chat(self, transport: Transport, token: str) -> Iterator[OpenChat]:
        chat = OpenChat()
        self.chats[token] += 1
        self.transports[transport] += 1
        self._open.add(chat)
        try:
            yield chat
        finally:
            self._open.discard(chat)
            if not chat.finished:
                self.closed_early += 1
                self.closed_early_at.append(time.monotonic())

    def excuse_open_chats(self) -> None:
        """They are about to end by our own doing."""
        for chat in self._open:
            chat.finished = True

    def saw(self, path: str, headers: RawHeaders) -> None:
        self.requests[path] += 1
        self.raw_headers[path] = headers

    def headers(self, path: str) -> list[tuple[str, str]]:
        """Of the last request, in the order and spelling in which they came."""
        raw = self.raw_headers.get(path, ())
        return [(name.decode("latin-1"), value.decode("utf-8", "replace")) for name, value in raw]

    def cookies(self, path: str) -> dict[str, str]:
        lines = [value for name, value in self.headers(path) if name.lower() == "cookie"]
        return cookies_of("; ".join(lines))

    def snapshot(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "requests": dict(self.requests),
            "chats": dict(self.chats),
            "transports": dict(self.transports),
            "open_chats": self.open_chats,
            "answered": self.answered,
            "closed_early": self.closed_early,
            "closed_early_at": list(self.closed_early_at),
            "challenged": self.challenged,
            "pings": self.pings,
            "connections": self.connections,
            "open_connections": self.open_connections,
            "prompts": list(self.prompts),
            "uploads": list(self.uploads),
            "deleted_assets": list(self.deleted_assets),
            "headers": {path: self.headers(path) for path in self.raw_headers},
            "cookies": {path: self.cookies(path) for path in self.raw_headers},
        }


def cookies_of(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return {name: value for name, sep, value in pairs if sep}
