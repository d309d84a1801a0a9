import pytest

from grokdesk.domain.errors import SettingsError
from grokdesk.upstream.web.wire import facts
from grokdesk.upstream.web.wire.facts import GROK, Origins

UUID = "2f6d0c9a-1111-4c7b-8d2e-5a0b7e9c4d10"


@pytest.mark.parametrize("url", ["https://grok.com", "https://grok.com/", "HTTPS://GROK.COM:443"])
def test_grok_com_gets_its_own_hosts(url):
    assert Origins.of(url) == GROK
    assert GROK.url(facts.CHAT) == "https://grok.com/rest/app-chat/conversations/new"
    assert GROK.chat_socket_url(UUID) == f"wss://grok.com/ws/mgw/?uid={UUID}"


@pytest.mark.parametrize(
    ("url", "socket"),
    [
        ("http://127.0.0.1:8080", "ws://127.0.0.1:8080"),
        ("http://localhost:8080/", "ws://localhost:8080"),
        ("https://[::1]:8443", "wss://[::1]:8443"),
        ("http://127.9.9.9", "ws://127.9.9.9"),
    ],
)
def test_an_upstream_on_this_computer_keeps_everything_there(url, socket):
    origins = Origins.of(url)
    assert origins.assets == origins.web == url.rstrip("/")
    assert origins.socket == socket


def test_assets_and_socket_may_be_told_apart():
    origins = Origins.of("http://127.0.0.1:1", "http://127.0.0.1:2", "ws://127.0.0.1:3/chat/socket")
    assert origins.assets == "http://127.0.0.1:2"
    assert origins.chat_socket_url("u&v") == "ws://127.0.0.1:3/chat/socket?uid=u%26v"


@pytest.mark.parametrize(
    "url",
    [
        "http://grok.com",
        "https://grok.com:8443",
        "https://grok.com.example.org",
        "https://www.grok.com",
        "https://user@grok.com",
        "https://grok.com/path",
        "https://grok.com?x=1",
        "https://grok.com#x",
        "https://example.org",
        "http://127.0.0.1@example.org",
        "http://10.0.0.1:8080",
        "http://0.0.0.0",
        "http://localhost.example.org",
        "http://127.0.0.1:99999",
        "http://127.0.0.1\\@example.org",
        "http://127.0.0.1 .example.org",
        "http://ⓛocalhost",
        "ws://127.0.0.1",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "127.0.0.1:80",
        "http://[::1",
        "",
    ],
)
def test_no_other_host_ever_gets_a_token(url):
    with pytest.raises(SettingsError) as caught:
        Origins.of(url)
    assert caught.value.key == "upstream.web_url"


def test_the_setting_at_fault_is_named():
    with pytest.raises(SettingsError) as assets:
        Origins.of("https://grok.com", assets_url="https://example.org")
    with pytest.raises(SettingsError) as socket:
        Origins.of("https://grok.com", socket_url="wss://example.org/ws/mgw/")
    assert assets.value.key == "upstream.assets_url"
    assert socket.value.key == "upstream.socket_url"


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        ("users/U/F/content", "https://assets.grok.com/users/U/F/content"),
        ("/users/U/F/content", "https://assets.grok.com/users/U/F/content"),
        ("https://assets.grok.com/a.jpg", "https://assets.grok.com/a.jpg"),
        ("HTTPS://ASSETS.GROK.COM/a.jpg", "HTTPS://ASSETS.GROK.COM/a.jpg"),
        ("http://assets.grok.com/a.jpg", "https://assets.grok.com/a.jpg"),
        ("//imgen.x.ai/a.jpg", "https://imgen.x.ai/a.jpg"),
        ("https://imagine-public.x.ai/images/a.png", "https://imagine-public.x.ai/images/a.png"),
    ],
)
def test_assets_of_known_hosts_become_absolute(reference, address):
    assert GROK.asset_url(reference) == address


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "https://example.org/a.jpg",
        "https://user@assets.grok.com/a.jpg",
        "https://assets.grok.com.example.org/a.jpg",
        "//127.0.0.1/a.jpg",
        "ftp://assets.grok.com/a.jpg",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "a b.jpg",
        "a\r\nb",
        "a\\b",
        "https://[::1/a.jpg",
    ],
)
def test_assets_of_other_hosts_are_not_fetched(reference):
    assert GROK.asset_url(reference) is None


def test_an_upstream_on_this_computer_never_leads_to_the_real_assets():
    origins = Origins.of("http://127.0.0.1:8080")
    assert origins.asset_url("http://127.0.0.1:8080/a.jpg") == "http://127.0.0.1:8080/a.jpg"
    assert origins.asset_url("users/a.jpg") == "http://127.0.0.1:8080/users/a.jpg"
    assert origins.asset_url("https://assets.grok.com/a.jpg") is None
