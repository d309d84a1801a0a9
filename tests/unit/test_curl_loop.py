"""The loop that curl-cffi sees: the same on every system, however sockets are watched there."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from grokdesk.upstream.web.curl_loop import CurlLoop
from grokdesk.upstream.web.multi import loop_for_curl

Act = Callable[[int, int], None]
IN, OUT = 1, 2


class Curl:
    """Asks for sockets to be watched, as curl-cffi does, and keeps what it hears."""

    def __init__(self, make: Callable[[asyncio.AbstractEventLoop, Act], CurlLoop]) -> None:
        self.loop = make(asyncio.get_running_loop(), self.act)
        self.on_act: Act = lambda _fd, _ready: None
        self._heard: dict[int, int] = {}

    def act(self, fd: int, ready: int) -> None:
        self._heard[fd] = self._heard.get(fd, 0) | ready
        self.on_act(fd, ready)

    def read(self, sock: socket.socket) -> None:
        self.loop.add_reader(sock.fileno(), self.act, sock.fileno(), IN)

    def write(self, sock: socket.socket) -> None:
        self.loop.add_writer(sock.fileno(), self.act, sock.fileno(), OUT)

    def leave(self, sock: socket.socket) -> None:
        self.loop.remove_reader(sock.fileno())
        self.loop.remove_writer(sock.fileno())

    async def hears(self) -> dict[int, int]:
        """What each socket is ready for, told within a few turns of the loop."""
        self._heard.clear()
        for _ in range(5):
            await asyncio.sleep(0)
        return dict(self._heard)


def plain_loop(loop: asyncio.AbstractEventLoop, _act: Act) -> CurlLoop:
    return CurlLoop(loop)


@pytest.fixture(params=[plain_loop, loop_for_curl])
async def curl(request: pytest.FixtureRequest) -> AsyncIterator[Curl]:
    curl = Curl(request.param)
    yield curl
    curl.loop.close()


@pytest.fixture
def sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of one connection."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


Ends = tuple[socket.socket, socket.socket]


async def test_a_reader_hears_of_what_came_and_of_nothing_before(curl: Curl, sockets: Ends) -> None:
    ours, theirs = sockets
    curl.read(ours)
    assert await curl.hears() == {}
    theirs.send(b"x")
    assert await curl.hears() == {ours.fileno(): IN}
    curl.leave(ours)


async def test_who_left_hears_nothing_and_may_come_back(curl: Curl, sockets: Ends) -> None:
    ours, theirs = sockets
    theirs.send(b"x")
    curl.read(ours)
    curl.leave(ours)
    assert await curl.hears() == {}
    curl.read(ours)
    assert await curl.hears() == {ours.fileno(): IN}
    curl.leave(ours)


async def test_reading_and_writing_are_told_apart(curl: Curl, sockets: Ends) -> None:
    ours, theirs = sockets
    curl.write(ours)
    assert await curl.hears() == {ours.fileno(): OUT}
    curl.read(ours)
    theirs.send(b"x")
    assert await curl.hears() == {ours.fileno(): IN | OUT}
    curl.loop.remove_writer(ours.fileno())
    assert await curl.hears() == {ours.fileno(): IN}
    curl.leave(ours)


async def test_a_reader_hears_of_a_hang_up(curl: Curl, sockets: Ends) -> None:
    ours, theirs = sockets
    curl.read(ours)
    theirs.close()
    assert await curl.hears() == {ours.fileno(): IN}
    curl.leave(ours)


async def test_what_one_socket_brings_may_end_the_watch_over_another(curl: Curl) -> None:
    pairs = [socket.socketpair() for _ in range(2)]
    for ours, theirs in pairs:
        curl.read(ours)
        theirs.send(b"x")

    def leave_both(_fd: int, _ready: int) -> None:
        for ours, _ in pairs:
            curl.leave(ours)

    curl.on_act = leave_both
    assert len(await curl.hears()) == 1
    for sock in sum(pairs, ()):
        sock.close()


async def test_the_number_of_a_closed_socket_is_watched_anew(curl: Curl, sockets: Ends) -> None:
    ours, _ = sockets
    number = ours.fileno()
    curl.read(ours)
    ours.close()
    curl.loop.remove_reader(number)
    again, peer = socket.socketpair()
    with again, peer:
        assert number in (again.fileno(), peer.fileno())
        mine, other = (again, peer) if again.fileno() == number else (peer, again)
        curl.read(mine)
        other.send(b"x")
        assert await curl.hears() == {number: IN}
        curl.leave(mine)


async def test_only_short_waits_get_a_timer(curl: Curl) -> None:
    fired: list[float] = []
    for delay_s in (-0.001, 0.0, 0.01, 10.0):
        timer = curl.loop.call_later(delay_s, fired.append, delay_s)
        assert (timer is not None) == (0 <= delay_s < 1)
    await asyncio.sleep(0.05)
    assert fired == [0.0, 0.01]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no epoll")
async def test_on_linux_a_request_does_not_touch_the_loops_own_selector(sockets: Ends) -> None:
    from grokdesk.upstream.web.epoll_loop import EpollLoop

    curl = Curl(loop_for_curl)
    assert type(curl.loop) is EpollLoop
    curl.read(sockets[0])
    assert not asyncio.get_running_loop().remove_reader(sockets[0].fileno())
    curl.loop.close()
