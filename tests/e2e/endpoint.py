"""The gateway as the simplest of clients sees it: one connection, bytes out, bytes in."""

import http.client
import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

MODEL = "grok-chat-fast"
_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        return self.json["error"]

    @property
    def events(self) -> list[tuple[str, Any]]:
        """Name and JSON of each; `[DONE]` and comments are no events."""
        blocks = self.body.decode().removesuffix("\n\n").split("\n\n")
        return [_event(block) for block in blocks if "data: {" in block]

    @property
    def chunks(self) -> list[Any]:
        return [data for _, data in self.events]

    @property
    def deltas(self) -> list[Any]:
        return [chunk["choices"][0]["delta"] for chunk in self.chunks if chunk["choices"]]

    @property
    def text(self) -> str:
        """Of a chat completion, streamed or not."""
        if self.headers["Content-Type"].startswith("text/event-stream"):
            return "".join(delta.get("content") or "" for delta in self.deltas)
        return self.message["content"]

    @property
    def message(self) -> dict[str, Any]:
        return self.json["choices"][0]["message"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    host: str
    port: int
    key: str

    @classmethod
    def at(cls, base_url: str, key: str) -> "Endpoint":
        parts = urlsplit(base_url)
        return cls(parts.hostname or "", parts.port or 0, key)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Reply:
        """`body` is sent as JSON unless it is bytes. An empty `key` sends none."""
        sent: dict[str, str | None] = {}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        if presented := self.key if key is None else key:
            sent["Authorization"] = f"Bearer {presented}"
        sent |= headers or {}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=_TIMEOUT_S)
        try:
            given = {name: value for name, value in sent.items() if value is not None}
            connection.request(method, path, body, given)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())  # type: ignore[arg-type]
        finally:
            connection.close()

    def post(self, path: str, body: Any, **more: Any) -> Reply:
        return self.ask("POST", path, body, **more)

    def chat(self, text: str = "Hello", **fields: Any) -> Reply:
        fields.setdefault("messages", [{"role": "user", "content": text}])
        return self.post("/v1/chat/completions", {"model": MODEL, **fields})

    def respond(self, input: Any = "Hello", **fields: Any) -> Reply:
        return self.post("/v1/responses", {"model": MODEL, "input": input, **fields})

    def message(self, text: str = "Hello", **fields: Any) -> Reply:
        fields.setdefault("messages", [{"role": "user", "content": text}])
        body = {"model": MODEL, "max_tokens": 1000, **fields}
        headers = {"x-api-key": self.key, "anthropic-version": "2023-06-01"}
        return self.post("/v1/messages?beta=true", body, key="", headers=headers)

    def connect(self, body: Any, *lines: str) -> socket.socket:
        """A POST to the chat, of which everything but the answer is done."""
        connection = socket.create_connection((self.host, self.port), timeout=_TIMEOUT_S)
        data = json.dumps(body).encode()
        connection.sendall(self.head(f"Content-Length: {len(data)}", *lines) + data)
        return connection

    def head(self, *lines: str) -> bytes:
        first = (
            "POST /v1/chat/completions HTTP/1.1",
            f"Host: {self.host}:{self.port}",
            f"Authorization: Bearer {self.key}",
        )
        return "\r\n".join((*first, *lines, "", "")).encode()

    def raw(self, *pieces: bytes, host: str = "") -> bytes:
        """Until the other side hangs up."""
        answer = b""
        with socket.create_connection((host or self.host, self.port), timeout=_TIMEOUT_S) as sock:
            for piece in pieces:
                sock.sendall(piece)
            while data := sock.recv(65_536):
                answer += data
        return answer


def _event(block: str) -> tuple[str, Any]:
    lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
    return lines.get("event", ""), json.loads(lines["data"])


def assert_in_order(text: str, words: Sequence[str]) -> None:
    at = 0
    for word in words:
        at = text.index(word, at) + len(word)
