"""Each answer that is no reply, by status and body: what the client is told, and who is tried.

The suite tries the statuses that somebody uses; with GROKDESK_TESTS=complete it tries all.
"""

import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.depth import COMPLETE
from tests.faults.client import Answer, BrokenAnswerError
from tests.faults.exchanges import REST, Exchange, refused_handshake, rest
from tests.faults.lane import ONE_TRY, Lane, open_lane
from tests.faults.plan import Plan

STATUSES = range(400, 600)
_IN_USE = {*range(400, 432), 451, 499, *range(500, 512), *range(520, 531), 598, 599}
TRIED = STATUSES if COMPLETE else sorted(_IN_USE)


@dataclass(frozen=True, slots=True)
class Expected:
    """`attempts` with two accounts, one try each; `state` is that of the accounts afterwards."""

    status: int
    code: str
    attempts: int
    state: str = "ready"


DEAD_TOKEN = Expected(503, "no_account", 2, "expired")
BLOCKED = Expected(403, "account_blocked", 2, "blocked")
LIMITED = Expected(429, "quota_exhausted", 2, "exhausted")
CHALLENGE = Expected(503, "upstream_challenge", 2)
FORBIDDEN = Expected(502, "upstream_rejected", 2)
REFUSED = Expected(400, "content_policy_violation", 1)
TOO_LARGE = Expected(413, "context_length_exceeded", 1)
NETWORK = Expected(502, "network_error", 1)
CHANGED = Expected(502, "upstream_changed", 1)
NO_SOCKET = Expected(502, "upstream_changed", 2)
SLOW = Expected(504, "upstream_timeout", 2)
DOWN = Expected(502, "upstream_unavailable", 2)
BUSY = Expected(429, "upstream_busy", 2)
INCOMPLETE = Expected(502, "upstream_incomplete", 2)

ELSEWHERE = (201, 202, 204, 206, 300, 301, 302, 303, 307, 308, 399)
"""No reply either, and redirects are not followed: tokens stay where they belong."""

BY_STATUS: Mapping[int, Expected] = {
    **{status: CHANGED if status < 500 else DOWN for status in STATUSES},
    401: DEAD_TOKEN,
    402: FORBIDDEN,
    403: FORBIDDEN,
    407: NETWORK,
    408: SLOW,
    413: TOO_LARGE,
    425: DOWN,
    429: LIMITED,
    503: BUSY,
    504: SLOW,
    524: SLOW,
    529: BUSY,
}


@dataclass(frozen=True, slots=True)
class Body:
    """`instead` is what it makes of some statuses; the others mean what they mean."""

    name: str
    data: bytes
    kind: str
    instead: Mapping[int, Expected]
    header: tuple[tuple[str, str], ...] = ()

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [*([("Content-Type", self.kind)] if self.kind else []), *self.header]

    def expected(self, status: int) -> Expected:
        return self.instead.get(status, BY_STATUS[status])


def _error(code: object, message: str) -> bytes:
    return b'{"error":{"code":%b,"message":"%b","details":[]}}' % (
        str(code).encode(),
        message.encode(),
    )


def _all(expected: Expected, *, but: Collection[int] = ()) -> Mapping[int, Expected]:
    return {status: expected for status in STATUSES if status not in but}


JSON, HTML = "application/json", "text/html; charset=UTF-8"
_LOCATION = [("Location", "/elsewhere")]
_PAGE = b"<html><body>Bad Gateway</body></html>"
_CHALLENGE = b"<!DOCTYPE html><html><title>Just a moment...</title></html>"
_LIMIT = _error(8, "Too many requests")
_BAD_TOKEN = "Failed to look up session ID [WKE=unauthenticated:bad-credentials]"
_BLOCKED_USER = b'{"code":7,"message":"User is blocked [WKE=unauthorized:blocked-user]"}'
_MODERATED = _error(7, "Content violates usage guidelines. [WKE=content-moderated]")
_DENIED = (400, 401, 403)

BODIES = (
    Body("JSON", _error(13, "Internal error"), JSON, {}),
    Body("JSON of the other shape", b'{"code":"internal","error":"Something failed"}', JSON, {}),
    Body(
        "JSON with a dead token", _error(16, _BAD_TOKEN), JSON, dict.fromkeys(_DENIED, DEAD_TOKEN)
    ),
    Body("JSON with a blocked user", _BLOCKED_USER, JSON, dict.fromkeys(_DENIED, BLOCKED)),
    Body("JSON with a refused text", _MODERATED, JSON, dict.fromkeys((400, 403), REFUSED)),
    Body("JSON of the anti-bot rules", _error(7, "Rejected by anti-bot rules."), JSON, {}),
    Body("JSON of a limit", _LIMIT, JSON, _all(LIMITED, but=[401])),
    Body("JSON of a limit as a page", _LIMIT, HTML, _all(LIMITED, but=[401])),
    Body("a page", _PAGE, HTML, {403: CHALLENGE}),
    Body("a page without a type", _PAGE, "", {403: CHALLENGE}),
    Body("a challenge", _CHALLENGE, HTML, _all(CHALLENGE)),
    Body("a challenge as JSON", _CHALLENGE, JSON, _all(CHALLENGE)),
    Body("a challenge by header", b"", "", _all(CHALLENGE), (("cf-mitigated", "challenge"),)),
    Body("nothing", b"", "", {403: CHALLENGE}),
    Body("a text", b"error code: 1015", "text/plain", {}),
    Body("broken JSON", b'{"error":{"code":8,"mess', JSON, {}),
    Body("bytes", bytes(range(128, 256)), "application/octet-stream", {}),
)

# A refused handshake shows no body; a denial in JSON makes us ask the session, which is well here.
_NO_SOCKET = dict.fromkeys((404, 405, 410, 426, 501), NO_SOCKET)
HANDSHAKES = (
    Body("JSON", _LIMIT, JSON, _NO_SOCKET | dict.fromkeys(_DENIED, FORBIDDEN)),
    Body("a page", _PAGE, HTML, _NO_SOCKET | {403: CHALLENGE}),
    Body("nothing", b"", "", _NO_SOCKET | {403: CHALLENGE}),
    Body("a challenge by header", b"", "", _all(CHALLENGE), (("cf-mitigated", "challenge"),)),
)

_REPLY = REST[0].data.partition(b"\r\n\r\n")[2]
OF_200 = (
    ("an error of a limit", _LIMIT, JSON, LIMITED),
    ("an error of the anti-bot rules", _error(7, "Rejected by anti-bot rules."), JSON, FORBIDDEN),
    ("an error of a dead token", _error(16, _BAD_TOKEN), JSON, DEAD_TOKEN),
    ("an error with a blocked user", _error(7, "User is blocked"), JSON, BLOCKED),
    ("an error with a refused text", _MODERATED, JSON, REFUSED),
    ("an error", _error(13, "Internal error"), JSON, DOWN),
    ("an error as a page", _error(13, "Internal error"), HTML, DOWN),
    ("nothing", b"", JSON, INCOMPLETE),
    ("blank lines", b"\n\n \r\n", JSON, INCOMPLETE),
    ("a challenge", _CHALLENGE, HTML, CHALLENGE),
    ("a page", _PAGE, HTML, CHALLENGE),
    ("an empty object", b"{}", JSON, CHANGED),
    ("an array", b"[]", JSON, CHANGED),
    ("a text", b"Service is up.", "text/plain", CHANGED),
    ("bytes", bytes(range(128, 256)), "image/png", CHANGED),
)


def _rest_table() -> Iterator[tuple[Exchange, Expected]]:
    for status, body in itertools.product(TRIED, BODIES):
        name = f"{status} with {body.name}"
        line = f"{status} Status"
        yield (
            rest(name, [body.data], "length", status=line, headers=body.headers),
            body.expected(status),
        )
    for status in ELSEWHERE:
        yield rest(f"{status}", [], "length", status=f"{status} X", headers=_LOCATION), CHANGED
    for name, data, kind, expected in OF_200:
        yield rest(f"200 with {name}", [data], headers=[("Content-Type", kind)]), expected


def _handshake_table() -> Iterator[tuple[Exchange, Expected]]:
    for status, body in itertools.product(TRIED, HANDSHAKES):
        name = f"{status} with {body.name}"
        yield (
            refused_handshake(name, f"{status} Status", body.data, body.headers),
            body.expected(status),
        )
    for status in ELSEWHERE:
        yield refused_handshake(f"{status}", f"{status} X", b"", _LOCATION), CHANGED
    yield refused_handshake("200 with nothing", "200 OK", b""), NO_SOCKET


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("transport", ["rest", "mgw"])
async def test_each_status_and_body_has_its_answer(
    transport: str, stream: bool, tmp_path: Path
) -> None:
    table = list(_rest_table() if transport == "rest" else _handshake_table())
    failures: list[str] = []
    async with open_lane(
        tmp_path, "rest" if transport == "rest" else "mgw", settings=ONE_TRY
    ) as lane:
        for exchange, expected in table:
            try:
                answer, played = await lane.play(Plan(exchange), stream=stream)
            except (BrokenAnswerError, TimeoutError) as error:
                failures.append(f"{exchange}: {error!r}")
                continue
            seen = _seen(lane, answer, len(played))
            if seen != {expected}:
                failures.append(f"{exchange}: {seen} instead of {expected}")
        assert lane.core.pool.in_flight == 0
    print(f"{transport}: {len(table)} cases, {len(failures)} failures")  # shown with -s
    assert not failures, f"{len(failures)} of {len(table)}:\n" + "\n".join(failures[:40])


def _seen(lane: Lane, answer: Answer, attempts: int) -> set[Expected]:
    """One for each state among the accounts that were tried."""
    views = lane.core.pool.views()[:attempts]
    return {Expected(answer.status, answer.code, attempts, view.state.value) for view in views}


async def test_the_kind_of_a_good_reply_does_not_matter(tmp_path: Path) -> None:
    async with open_lane(tmp_path, "rest") as lane:
        for kind in (JSON, HTML, "text/event-stream", "application/octet-stream", "x", ""):
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
            good = rest(f"200 as {kind}", [])
            part = type(good.parts[0])(good.parts[0].cue, head.encode() + _REPLY)
            answer, _ = await lane.play(Plan(Exchange(good.name, "rest", (part,))))
            assert answer.finished
            assert REST[0].says in answer.text
