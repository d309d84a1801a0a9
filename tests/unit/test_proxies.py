"""Which proxy is taken, and what is read out of an address."""

import pytest

from grokdesk.domain.errors import LocalNetworkError
from grokdesk.upstream.web.proxies import Proxy, proxy_for, system_proxy

GROK = "https://grok.com"


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("text", "url", "user", "password"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128", "", ""),
        ("proxy.example:3128", "http://proxy.example:3128", "", ""),
        ("https://p.example", "https://p.example", "", ""),
        ("socks5h://joe:p%40ss%3A@[::1]:1080/", "socks5h://[::1]:1080", "joe", "p@ss:"),
        ("socks://tor:9050", "socks5h://tor:9050", "", ""),
        ("http://joe@p:1", "http://p:1", "joe", ""),
    ],
)
def test_an_address_is_taken_apart(text: str, url: str, user: str, password: str) -> None:
    assert Proxy.parse(text) == Proxy(url, user, password)


@pytest.mark.parametrize("text", ["ftp://x:1", "http://", "http://x:99999", "http://x:0"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of urllib or of ours
        Proxy.parse(text)


def test_the_public_address_has_the_user_and_never_the_password() -> None:
    proxy = Proxy.parse("http://jo%40e:hidden@p:1")
    assert proxy.public_url == "http://jo%40e@p:1"
    assert "hidden" not in repr(proxy)
    assert Proxy.parse(proxy.public_url) == Proxy("http://p:1", "jo@e")


@pytest.mark.parametrize(
    ("variables", "url", "expected"),
    [
        ({}, GROK, None),
        ({"https_proxy": "http://p:1"}, GROK, "http://p:1"),
        ({"https_proxy": "p:1"}, "wss://grok.com/ws/mgw/", "http://p:1"),
        ({"http_proxy": "http://p:1"}, GROK, None),
        ({"ALL_PROXY": "socks5://p:1"}, GROK, "socks5://p:1"),
        ({"https_proxy": "http://p:1", "all_proxy": "socks5://q:1"}, GROK, "http://p:1"),
        ({"https_proxy": "http://p:1", "no_proxy": "grok.com"}, GROK, None),
        ({"https_proxy": "http://p:1", "no_proxy": ".com"}, "https://assets.grok.com", None),
        ({"https_proxy": "http://p:1", "no_proxy": "assets.grok.com"}, GROK, "http://p:1"),
        ({"https_proxy": "http://p:1", "no_proxy": "*"}, GROK, None),
        ({"https_proxy": "http://p:1", "http_proxy": "http://p:1"}, "http://127.0.0.1:8", None),
        ({"http_proxy": "http://p:1"}, "http://localhost:8", None),
    ],
)
def test_the_environment_is_followed(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], url: str, expected: str | None
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = system_proxy(url)
    assert (found and found.url) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"socks": "http://10.0.0.1:1080"}, "socks5h://10.0.0.1:1080"),  # as macOS has it
        ({"https": "http://10.0.0.1:3128", "socks": "http://x:1"}, "http://10.0.0.1:3128"),
        ({"https": "socks4://10.0.0.1:1080"}, "socks4://10.0.0.1:1080"),  # as Windows has it
    ],
)
def test_the_systems_own_settings_are_followed(
    monkeypatch: pytest.MonkeyPatch, found: dict[str, str], expected: str
) -> None:
    monkeypatch.setattr("urllib.request.getproxies", lambda: found)
    proxy = system_proxy(GROK)
    assert proxy is not None
    assert proxy.url == expected


async def test_a_system_proxy_that_makes_no_sense_is_our_networks_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("https_proxy", "ftp://x:1")
    with pytest.raises(LocalNetworkError, match="proxy in the settings of this system"):
        await proxy_for("system", GROK)


async def test_a_choice_of_the_user_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://p:1")
    chosen = Proxy("http://q:1")
    assert await proxy_for(chosen, GROK) is chosen
    assert await proxy_for(None, GROK) is None
    assert await proxy_for("system", GROK) == Proxy("http://p:1")
