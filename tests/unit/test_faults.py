"""Every way in which grok.com cannot be reached has its own sentence, and blames the right side."""

import asyncio
import contextlib
import datetime
import errno
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from grokdesk.domain.errors import LocalNetworkError, UpstreamError, UpstreamUnavailableError
from grokdesk.upstream.web.faults import explain
from grokdesk.upstream.web.proxies import Proxy
from grokdesk.upstream.web.transport import Transport
from grokdesk.upstream.web.watchdog import Timeouts
from tests.depth import tries
from tests.fake_proxy import fake_proxy

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_NOBODY = "http://no-such-host.invalid"


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def error_of(url: str, proxy: Proxy | None = None, *, connect_s: float = 3) -> UpstreamError:
    """What a request says; a socket must say the same."""
    errors: list[UpstreamError] = []
    transport = Transport("chrome146", timeouts=Timeouts(connect_s, 3, 3), proxy=proxy)
    async with contextlib.aclosing(transport):
        with pytest.raises(UpstreamError) as request:
            await transport.fetch("POST", url, [], b"{}", timeout_s=5)
        errors.append(request.value)
        with pytest.raises(UpstreamError) as upgrade:
            async with transport.socket(url.replace("http", "ws", 1), []):
                pass
        errors.append(upgrade.value)
        assert transport.running == 0
    assert type(errors[0]) is type(errors[1])
    assert str(errors[0]) == str(errors[1])
    return errors[0]


@contextlib.asynccontextmanager
async def server(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await serve(reader, writer)
        writer.transport.abort()

    listener = await asyncio.start_server(closing, "127.0.0.1", 0, ssl=context)
    scheme = "https"
    try:
        yield f"{scheme}://localhost:{listener.sockets[0].getsockname()[1]}"
    finally:
        listener.close()


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def says_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    while await reader.read(1 << 16):
        pass


async def speaks_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1 << 16)
    writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://portal/\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()
    await asyncio.sleep(0.1)


def certificate(folder: Path, name: str, *, begins: int, ends: int) -> Path:
    """Self-signed, valid from so many days from now to so many days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=begins))
        .not_valid_after(now + datetime.timedelta(days=ends))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def context_of(path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


async def test_a_name_that_nobody_knows() -> None:
    error = await error_of(_NOBODY)
    assert isinstance(error, LocalNetworkError)
    assert "name grok.com could not be resolved" in str(error)


async def test_unknown_names_blame_the_network_each_time_and_quickly() -> None:
    transport = Transport("chrome146")
    started = time.monotonic()
    async with contextlib.aclosing(transport):
        for _ in range(tries(20, 100)):
            results = await asyncio.gather(
                *(transport.fetch("GET", _NOBODY, [], timeout_s=20) for _ in range(10)),
                return_exceptions=True,
            )
            assert {type(result) for result in results} == {LocalNetworkError}
    assert time.monotonic() - started < 60


async def test_a_refused_connection() -> None:
    error = await error_of(f"https://127.0.0.1:{closed_port()}")
    assert isinstance(error, LocalNetworkError)
    assert "refused the connection" in str(error)


class _Handle:
    """A failed curl handle, for what a test machine's network cannot be made to do."""

    def __init__(self, **info: int) -> None:
        self._info = info

    def getinfo(self, option: object) -> int:
        return self._info.get(option.name, 0)  # type: ignore[attr-defined]


@pytest.mark.parametrize("reason", [errno.ENETUNREACH, errno.EHOSTUNREACH])
def test_a_network_that_is_not_there(reason: int) -> None:
    from curl_cffi import CurlECode, CurlError

    failed = CurlError("no route", code=CurlECode.COULDNT_CONNECT)
    error = explain(failed, _Handle(OS_ERRNO=reason), begun=False)  # type: ignore[arg-type]
    assert isinstance(error, LocalNetworkError)
    assert "no way to grok.com" in str(error)


@pytest.mark.alone
async def test_a_server_that_does_not_shake_hands_is_given_up_after_the_connect_timeout() -> None:
    async with server(says_nothing) as url:
        started = time.monotonic()
        error = await error_of(url, connect_s=0.5)
    assert isinstance(error, LocalNetworkError)
    assert "could not be reached in time" in str(error)
    assert time.monotonic() - started < 2 * 0.5 + 1


async def test_a_reset_in_the_handshake_is_upstreams_and_may_be_tried_again() -> None:
    async with server(resets) as url:
        error = await error_of(url)
    assert isinstance(error, UpstreamUnavailableError)
    assert error.retryable
    assert "before it was encrypted" in str(error)


@pytest.mark.parametrize(
    ("name", "begins", "ends", "sentence"),
    [
        ("localhost", -30, -5, "has expired"),
        ("localhost", 5, 30, "not valid yet"),
        ("other.example", -1, 30, "certificate for another name"),
    ],
)
async def test_a_certificate_that_does_not_fit(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    begins: int,
    ends: int,
    sentence: str,
) -> None:
    path = certificate(tmp_path, name, begins=begins, ends=ends)
    monkeypatch.setattr("curl_cffi.curl.DEFAULT_CACERT", str(path))
    async with server(says_nothing, context_of(path)) as url:
        error = await error_of(url)
    assert isinstance(error, LocalNetworkError)
    assert sentence in str(error)


async def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    path = certificate(tmp_path, "localhost", begins=-1, ends=30)
    async with server(says_nothing, context_of(path)) as url:
        error = await error_of(url)
    assert isinstance(error, LocalNetworkError)
    assert "not trusted here" in str(error)


async def test_an_outdated_encryption() -> None:
    async def knows_old_versions_only(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read(1 << 16)
        writer.write(b"\x15\x03\x01\x00\x02\x02\x46")  # TLS alert: fatal, protocol_version
        await writer.drain()
        await asyncio.sleep(0.1)

    async with server(knows_old_versions_only) as url:
        error = await error_of(url)
    assert isinstance(error, LocalNetworkError)
    assert "outdated kind of encryption" in str(error)


async def test_a_sign_in_page_that_answers_without_encryption() -> None:
    async with server(speaks_plainly) as url:
        error = await error_of(url)
    assert isinstance(error, LocalNetworkError)
    assert "sign in to the network" in str(error)


@pytest.mark.parametrize("scheme", ["http", "socks5h", "socks5", "socks4a"])
async def test_a_proxy_that_is_not_there(scheme: str) -> None:
    error = await error_of("https://grok.com", Proxy(f"{scheme}://127.0.0.1:{closed_port()}"))
    assert isinstance(error, LocalNetworkError)
    assert "proxy could not be reached" in str(error)


async def test_a_proxy_whose_name_nobody_knows() -> None:
    error = await error_of("https://grok.com", Proxy("http://no-such-proxy.invalid:1"))
    assert isinstance(error, LocalNetworkError)
    assert "name of the proxy" in str(error)


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_a_proxy_that_says_nothing(scheme: str) -> None:
    async with server(says_nothing) as url:
        place = url.removeprefix("https://")
        error = await error_of("https://grok.com", Proxy(f"{scheme}://{place}"), connect_s=0.5)
    assert isinstance(error, LocalNetworkError)
    assert "proxy did not open a way to grok.com in time" in str(error)


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_a_proxy_that_breaks_off(scheme: str) -> None:
    async with fake_proxy(closes=True) as proxy:
        error = await error_of("https://grok.com", Proxy(f"{scheme}://{proxy.place}"))
    assert isinstance(error, LocalNetworkError)
    assert "proxy broke the connection off" in str(error)


@pytest.mark.parametrize(
    ("scheme", "answer", "sentence"),
    [
        ("http", 403, "does not allow"),
        ("http", 502, "works but cannot reach grok.com"),
        ("http", 503, "works but cannot reach grok.com"),
        ("http", 504, "works but cannot reach grok.com"),
        ("socks5h", 1, "works but cannot reach grok.com"),
        ("socks5h", 2, "does not allow"),
        ("socks5h", 3, "works but cannot reach grok.com"),
        ("socks5h", 4, "works but cannot reach grok.com"),
        ("socks5h", 5, "works but cannot reach grok.com"),
        ("socks5h", 6, "works but cannot reach grok.com"),
    ],
)
async def test_what_a_proxy_cannot_do_is_no_fault_of_grok(
    scheme: str, answer: int, sentence: str
) -> None:
    async with fake_proxy(answer=answer) as proxy:
        error = await error_of("https://grok.com", Proxy(f"{scheme}://{proxy.place}"))
        assert proxy.targets == ["grok.com:443"] * 2
    assert isinstance(error, LocalNetworkError)
    assert sentence in str(error)


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
@pytest.mark.parametrize("given", ["", "wrong"])
async def test_a_proxy_that_wants_to_be_signed_in_to(scheme: str, given: str) -> None:
    async with fake_proxy(password="joe:right") as proxy:
        url = f"{scheme}://{proxy.place}"
        error = await error_of("https://grok.com", Proxy(url, "joe" if given else "", given))
    assert isinstance(error, LocalNetworkError)
    assert "wants to be signed in to" in str(error)


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_the_password_opens_the_proxy_and_goes_nowhere_else(scheme: str) -> None:
    heard: list[bytes] = []

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        await asyncio.sleep(0.1)

    async with fake_proxy(password="jo@e:p:w/ d") as proxy, server(answers) as url:
        port = url.rpartition(":")[2]
        transport = Transport(
            "chrome146", proxy=Proxy(f"{scheme}://{proxy.place}", "jo@e", "p:w/ d")
        )
        async with contextlib.aclosing(transport):
            response = await transport.fetch("GET", f"http://127.0.0.1:{port}/x", [], timeout_s=5)
        assert (response.status, response.body) == (200, b"ok")
        assert proxy.credentials[-1] == "jo@e:p:w/ d"
    assert b"uthorization" not in heard[0]


async def test_the_environment_has_no_say_beside_the_choice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    async with fake_proxy(answer=502) as proxy:
        await error_of("https://grok.com", Proxy(f"http://{proxy.place}"))
        assert len(proxy.targets) == 2
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    error = await error_of(f"http://127.0.0.1:{closed_port()}", None)
    assert "refused the connection" in str(error)
