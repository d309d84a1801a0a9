"""The fetcher of remote files: where it may go, and where it must not even knock."""

import asyncio
import contextlib
import logging
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.services.remote_files import Bounds, RemoteFiles
from grokdesk.services.remote_urls import Refused, next_url, parse_url
from grokdesk.settings.serving import AttachmentSettings
from grokdesk.upstream.remote.transfer import Target, get
from grokdesk.upstream.web.proxies import Proxy
from grokdesk.upstream.web.watchdog import Timeouts
from tests.fake_proxy import FakeProxy
from tests.unit.bad_urls import BAD_REDIRECTS, BAD_URLS, LOOPBACK_FORMS
from tests.unit.fake_web import OUTSIDE, FakeWeb, allow_outside, fake_web

pytestmark = pytest.mark.skipif(
    sys.platform == "darwin", reason="macOS has no second loopback address"
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def net() -> AsyncIterator[FakeWeb]:
    async with fake_web() as net:
        yield net


async def refusal(remote: RemoteFiles, url: str) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        await remote.fetch(url, param="messages[0].content[1]")
    return caught.value


def test_the_table_is_as_long_as_was_asked_for():
    assert len(set(BAD_URLS)) == len(BAD_URLS) >= 120


async def test_none_of_the_bad_addresses_is_reached_and_all_are_refused_alike(net):
    remote = net.remote()
    said = {str(await refusal(remote, url.replace("{port}", str(net.port)))) for url in BAD_URLS}
    assert len(said) == 1
    assert net.inside_hits == 0
    assert net.requests == []


async def test_the_bad_addresses_would_be_reached_without_the_rule(net):
    """Otherwise the test above would prove nothing."""
    remote = net.remote(is_allowed=lambda _address: True)
    for host in ("127.0.0.1", "127.0.0.2", "[::1]", "loopback.bad-dns.com"):
        await refusal(remote, f"http://{host}:{net.port}/")  # inside closes without an answer
    assert net.inside_hits >= 4


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_the_system_sees_no_attempt_to_connect_to_any_of_them(tmp_path):
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", str(trace)]
    program = [sys.executable, "-m", "tests.unit.fetch_bad_urls"]
    result = subprocess.run(
        [*command, *program], cwd=ROOT, capture_output=True, text=True, timeout=90, check=False
    )
    if "ptrace" in result.stderr:
        pytest.skip("strace may not trace here")
    assert result.returncode == 0, result.stderr
    report = re.search(r"port (\d+) refused (\d+)", result.stdout)
    assert report is not None
    assert int(report[2]) == len(BAD_URLS) + len(BAD_REDIRECTS)
    seen = re.findall(
        r'sa_family=AF_INET6?, sin6?_port=htons\((\d+)\).*?"([\da-fA-F:.]+)"', trace.read_text()
    )
    allowed = (report[1], OUTSIDE)
    assert allowed in seen, "the trace shows what was allowed, so it would show the rest"
    assert set(seen) == {allowed}


async def test_a_public_file_is_fetched(net):
    net.answers["/a b.png"] = lambda _request: web.Response(body=b"\x89PNG")
    body = await net.remote().fetch(net.url("/a%20b.png?x=1&y=%C3%A4#part"), param="p")
    assert body == b"\x89PNG"
    (request,) = net.requests
    assert request.raw_path == "/a%20b.png?x=1&y=%C3%A4"
    assert request.headers["Host"] == f"public.bad-dns.com:{net.port}"
    assert request.headers["User-Agent"].startswith("Grokdesk/")
    assert request.headers["Accept-Encoding"] == "identity"
    assert not {"Cookie", "Authorization", "Referer", "Origin"} & request.headers.keys()


async def test_a_name_is_looked_up_once_and_never_again(net):
    net.names["turning.bad-dns.com"] = [(OUTSIDE,), ("127.0.0.1",)]
    assert await net.remote().fetch(net.url("/", "turning.bad-dns.com"), param="p")
    assert net.lookups == ["turning.bad-dns.com"]
    assert net.inside_hits == 0


async def test_a_name_that_turns_private_between_two_redirects_is_refused(net):
    net.names["turning.bad-dns.com"] = [(OUTSIDE,), ("127.0.0.1",)]
    net.redirect("/", "/again")
    await refusal(net.remote(), net.url("/", "turning.bad-dns.com"))
    assert net.lookups == ["turning.bad-dns.com"] * 2
    assert net.inside_hits == 0
    assert len(net.requests) == 1


async def test_redirects_lead_to_none_of_the_bad_addresses(net):
    remote = net.remote()
    for location in BAD_REDIRECTS:
        net.redirect("/", location.replace("{port}", str(net.port)))
        await refusal(remote, net.url())
    assert net.inside_hits == 0
    assert len(net.requests) == len(BAD_REDIRECTS)


async def test_three_redirects_are_followed_and_not_a_fourth(net):
    for number in range(4):
        net.redirect(f"/{number}", f"/{number + 1}" if number % 2 else net.url(f"/{number + 1}"))
    assert await net.remote().fetch(net.url("/1"), param="p") == b"content"
    await refusal(net.remote(), net.url("/0"))


async def test_a_cookie_that_was_set_is_not_sent_along(net):
    net.answers["/"] = lambda _request: web.Response(
        status=302, headers={"Location": "/next", "Set-Cookie": "a=b; Path=/"}
    )
    await net.remote().fetch(net.url(), param="p")
    assert [request.path for request in net.requests] == ["/", "/next"]
    assert "Cookie" not in net.requests[1].headers


@pytest.mark.parametrize("status", [201, 204, 206, 304, 401, 403, 404, 500])
async def test_any_other_answer_is_a_refusal(net, status):
    net.answers["/"] = lambda _request: web.Response(status=status)
    await refusal(net.remote(), net.url())


async def test_a_file_of_the_largest_size_is_fetched_and_one_byte_more_is_an_error(net):
    remote = net.remote(bounds=Bounds(largest_bytes=100_000))
    net.answers["/fits"] = lambda _request: web.Response(body=bytes(100_000))
    net.answers["/said"] = lambda _request: web.Response(body=bytes(100_001))

    def unsaid(_request: web.Request) -> web.StreamResponse:
        response = web.Response(body=bytes(100_001))
        response.enable_chunked_encoding()
        return response

    net.answers["/unsaid"] = unsaid
    assert len(await remote.fetch(net.url("/fits"), param="p")) == 100_000
    await refusal(remote, net.url("/said"))
    await refusal(remote, net.url("/unsaid"))


async def test_what_is_packed_is_not_unpacked(net):
    """A few bytes cannot become many."""
    net.answers["/"] = lambda _request: web.Response(
        body=b"not really gzip", headers={"Content-Encoding": "gzip"}
    )
    assert await net.remote().fetch(net.url(), param="p") == b"not really gzip"


async def silent_server() -> asyncio.Server:
    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    return await asyncio.start_server(wait, OUTSIDE, 0)


@pytest.mark.alone
async def test_all_of_it_has_one_time_limit(net):
    server = await silent_server()
    net.port = server.sockets[0].getsockname()[1]
    began = time.monotonic()
    await refusal(net.remote(bounds=Bounds(total_s=0.3)), net.url())
    assert 0.25 < time.monotonic() - began < 2
    server.close()


async def test_a_client_that_leaves_ends_the_transfer(net):
    server = await silent_server()
    net.port = server.sockets[0].getsockname()[1]
    task = asyncio.get_running_loop().create_task(net.remote().fetch(net.url(), param="p"))
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.wait({task}, timeout=1)
    assert task.cancelled()
    server.close()
    async with asyncio.timeout(2):
        await server.wait_closed()


async def test_the_connection_goes_where_it_was_settled_whatever_the_host_looks_like(net):
    """Should curl read an address in another way than we do, it still finds one place only."""
    for host in ("127.0.0.2", "localhost", "127.1", "[::1]", "public.bad-dns.com"):
        target = Target(f"http://{host}:{net.port}/", "x", net.port, [OUTSIDE])
        answer = await get(target, limit=100, timeouts=Timeouts(3, 3, 3), proxy=None)
        assert answer.body == b"content"
    assert net.inside_hits == 0


async def test_a_server_must_prove_its_name_and_is_asked_for_the_original_one(net):
    """The handshake names the host, and ends because nobody vouches for the server."""
    names: list[str] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _socket, name, _context: names.append(name)

    async def nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(nothing, OUTSIDE, 0, ssl=context)
    net.port = server.sockets[0].getsockname()[1]
    await refusal(net.remote(), f"https://public.bad-dns.com:{net.port}/")
    assert names == ["public.bad-dns.com"]
    server.close()


async def test_the_reason_stands_in_the_log_and_the_address_does_not(net, caplog):
    with caplog.at_level(logging.INFO, logger="grokdesk"):
        await refusal(net.remote(), f"http://loopback.bad-dns.com:{net.port}/secret")
    assert "its host is not public" in caplog.text
    assert "secret" not in caplog.text
    assert "bad-dns" not in caplog.text


async def test_nothing_is_fetched_when_it_is_switched_off(net):
    remote = RemoteFiles(lambda: AttachmentSettings(fetch_remote=False), resolve=net.resolve)
    error = await refusal(remote, "https://public.bad-dns.com/")
    assert (error.param, error.code) == ("messages[0].content[1]", "invalid_image_url")
    assert net.lookups == []


async def test_http_is_refused_unless_it_is_allowed(net):
    remote = RemoteFiles(AttachmentSettings, resolve=net.resolve, is_allowed=allow_outside)
    await refusal(remote, "http://public.bad-dns.com/")
    assert net.lookups == []


@contextlib.asynccontextmanager
async def proxy_of(scheme: str, **options: object) -> AsyncIterator[tuple[FakeProxy, Proxy]]:
    fake = FakeProxy(**options)  # type: ignore[arg-type]
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake, Proxy.parse(f"{scheme}://127.0.0.1:{fake.port}")
    finally:
        server.close()


def through(proxy: Proxy):
    async def choose(_url: str) -> Proxy:
        return proxy

    return choose


PROXIES = pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])


@PROXIES
async def test_through_a_proxy_the_name_must_be_public_from_here_too(net, scheme):
    async with proxy_of(scheme) as (fake, proxy):
        await refusal(net.remote(proxy=through(proxy)), net.url("/", "loopback.bad-dns.com"))
        assert fake.targets == []


@PROXIES
async def test_a_file_is_fetched_through_the_proxy_that_is_set(net, scheme):
    async with proxy_of(scheme) as (fake, proxy):
        remote = net.remote(proxy=through(proxy))
        assert await remote.fetch(net.url("/x", OUTSIDE), param="p") == b"content"
        assert len(fake.targets) == 1


@pytest.mark.parametrize(
    ("scheme", "told"), [("http", "public"), ("socks5h", "public"), ("socks5", OUTSIDE)]
)
async def test_the_proxy_is_told_the_name_unless_it_takes_addresses_only(net, scheme, told):
    async with proxy_of(scheme, answer=403 if scheme == "http" else 2) as (fake, proxy):
        await refusal(net.remote(proxy=through(proxy)), net.url("/x"))
        (target,) = fake.targets
        assert told in target
    assert net.requests == []


async def test_a_proxy_on_the_port_of_the_target_is_still_found(net):
    """What was settled about the target holds for the target alone."""
    async with proxy_of("http", answer=403) as (fake, proxy):
        net.port = fake.port
        await refusal(net.remote(proxy=through(proxy)), net.url("/x"))
        assert len(fake.targets) == 1


async def test_the_environments_proxy_has_no_say(net, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert await net.remote().fetch(net.url(), param="p") == b"content"


def parsed(text: str, **options: object):
    return parse_url(text, **{"allow_http": True, "ports": (80, 443), **options})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("https://pictures.com", "https://pictures.com:443/"),
        ("HTTPS://Pictures.COM:443/A.png?b=c#d", "https://pictures.com:443/A.png?b=c"),
        ("http://müller.de/bild ä.png".replace(" ", "%20"), None),
        ("https://8.8.8.8/x", "https://8.8.8.8:443/x"),
        ("https://pictures.com?a=b", "https://pictures.com:443/?a=b"),
        ("https://pictures.com#a", "https://pictures.com:443/"),
        (
            "https://pictures.com/a%7eb/%2F?sig=a%2Fb%2bc%3D&d=%e4",
            "https://pictures.com:443/a%7eb/%2F?sig=a%2Fb%2bc%3D&d=%e4",
        ),
        ("https://[2606:4700::1111]/x", "https://[2606:4700::1111]:443/x"),
        ("https://xn--mller-kva.de/", "https://xn--mller-kva.de:443/"),
    ],
)
def test_a_good_address_has_one_form(text, canonical):
    assert parsed(text).text == (canonical or "http://xn--mller-kva.de:80/bild%20%C3%A4.png")


@pytest.mark.parametrize("form", LOOPBACK_FORMS)
def test_no_form_of_this_computer_is_taken_for_a_public_name(form):
    try:
        url = parsed(form.replace("{port}", "80"))
    except Refused:
        return
    assert url.literal is not None
    assert not allow_outside(url.literal)


def test_a_redirect_never_leads_from_https_to_http():
    current = parsed("https://pictures.com/a")
    assert next_url(current, "/b") == "https://pictures.com/b"
    assert next_url(current, "//other.com/b") == "https://other.com/b"
    assert parsed(next_url(current, "?sig=a%2fb#c")).text == "https://pictures.com:443/a?sig=a%2fb"
    with pytest.raises(Refused):
        next_url(current, "http://pictures.com/b")


def test_a_redirect_may_lead_from_http_to_https():
    assert next_url(parsed("http://pictures.com/a"), "https://x.com/") == "https://x.com/"


async def test_names_that_nobody_answers_for_keep_no_other_work_waiting(monkeypatch):
    answer = threading.Event()

    def look_up(*_: object, **__: object) -> list[object]:
        answer.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    remote = RemoteFiles(AttachmentSettings)
    async with asyncio.TaskGroup() as group:
        for _ in range(40):
            group.create_task(refusal(remote, "https://pictures.com/a"))
        await asyncio.sleep(0.05)
        try:
            async with asyncio.timeout(2):
                assert await asyncio.to_thread(lambda: "done") == "done"
        finally:
            answer.set()
