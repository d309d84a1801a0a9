import pytest

from grokdesk.settings import rules


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://grok.com", "https://grok.com"),
        (" HTTPS://Grok.com/ ", "https://grok.com"),
        ("https://grok.com:443", "https://grok.com"),
        ("https://eu.grok.com", "https://eu.grok.com"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://127.8.8.8:9000/", "http://127.8.8.8:9000"),
        ("https://localhost:9000", "https://localhost:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_tokens_may_go_to_grok_and_to_this_computer(given, kept):
    assert rules.web_origin(given) == kept


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example",
        "https://notgrok.com",
        "https://grok.com.evil.example",
        "https://grok.com.",
        "https://x.ai",
        "http://grok.com",
        "https://grok.com:8443",
        "http://192.168.1.5:9000",
        "http://0.0.0.0:9000",
        "https://[2001:db8::1]",
        "https://2130706433",
        "http://127.0.0.1.nip.io",
    ],
)
def test_no_other_host_gets_tokens_and_the_reason_says_so(url):
    with pytest.raises(ValueError, match="your tokens would be sent to somebody else"):
        rules.web_origin(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "grok.com",
        "https://",
        "https://grok.com@evil.example",
        "https://evil.example#@grok.com",
        "https://evil.example/?grok.com",
        "https://grok.com\\@evil.example",
        "https://grok.com/path",
        "https://grok.com:443:80",
        "https://grok.com\n",
        "https://grоk.com",  # noqa: RUF001 - a Cyrillic letter
        "ftp://grok.com",
        "javascript:alert(1)",
        "https://grok.com\x00.evil.example",
    ],
)
def test_what_is_not_a_plain_address_is_refused(url):
    if url == "https://grok.com\n":
        assert rules.web_origin(url) == "https://grok.com"
        return
    with pytest.raises(ValueError, match="must be"):
        rules.web_origin(url)


def test_pictures_may_also_come_from_x_ai():
    assert rules.asset_origin("https://imgen.x.ai") == "https://imgen.x.ai"
    assert rules.asset_origin("https://assets.grok.com/") == "https://assets.grok.com"
    assert rules.asset_origin("  ") == ""
    with pytest.raises(ValueError, match="tokens"):
        rules.asset_origin("https://notx.ai")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        ("wss://grok.com", "wss://grok.com"),
        ("wss://grok.com/ws/mgw/", "wss://grok.com/ws/mgw/"),
        ("ws://127.0.0.1:9000/ws/mgw/", "ws://127.0.0.1:9000/ws/mgw/"),
    ],
)
def test_the_socket_may_have_a_path(given, kept):
    assert rules.socket_url(given) == kept


@pytest.mark.parametrize(
    "url",
    [
        "https://grok.com/ws",
        "ws://grok.com/ws",
        "wss://evil.example/ws",
        "wss://grok.com/ws?uid=1",
        "wss://grok.com/../x",
        "wss://grok.com@evil.example/",
        "grok.com/ws",
    ],
)
def test_any_other_socket_is_refused(url):
    with pytest.raises(ValueError, match="must be"):
        rules.socket_url(url)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("127.0.0.1", "127.0.0.1"),
        (" LocalHost ", "localhost"),
        ("[::1]", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("0.0.0.0", "0.0.0.0"),
        ("192.168.1.5", "192.168.1.5"),
    ],
)
def test_one_listens_on_localhost_or_an_address(given, kept):
    assert rules.bind_host(given) == kept


@pytest.mark.parametrize("host", ["", "example.com", "my-laptop", "127.0.0.1:80", "127.1", "*"])
def test_one_does_not_listen_on_a_name(host):
    with pytest.raises(ValueError, match="IP address"):
        rules.bind_host(host)


def test_nobody_can_listen_on_a_multicast_address():
    with pytest.raises(ValueError, match="multicast"):
        rules.bind_host("224.0.0.1")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.3.2.1", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("grok.com", False),
    ],
)
def test_loopback_is_what_only_this_computer_reaches(host, loopback):
    assert rules.is_loopback(host) is loopback


@pytest.mark.parametrize(
    "url",
    [
        "http://proxy.example:3128",
        "https://10.0.0.1",
        "socks5://127.0.0.1:1080",
        "socks5h://joe:p%40ss@[::1]:1080/",
        "socks4a://tor:9050",
    ],
)
def test_a_proxy_is_http_or_socks(url):
    assert rules.proxy_choice(f" {url} ") == url
    assert rules.other_proxy_choice(url) == url


@pytest.mark.parametrize(
    ("value", "kept"),
    [("", "system"), (" ", "system"), ("System", "system"), (" none ", "none"), ("NONE", "none")],
)
def test_instead_of_a_proxy_there_is_that_of_the_system_or_none(value, kept):
    assert rules.proxy_choice(value) == kept


def test_the_other_proxy_may_be_left_to_the_first():
    assert rules.other_proxy_choice(" ") == ""
    assert rules.other_proxy_choice("system") == "system"


@pytest.mark.parametrize(
    "url",
    [
        "proxy.example:3128",
        "ftp://x",
        "http://",
        "http://a b",
        "http://x/path",
        "http://x:y",
        "http://x:0",
        "http://x:65536",
        "http://[::::]:1",
        "direct",
    ],
)
def test_any_other_proxy_is_refused(url):
    with pytest.raises(ValueError, match="look like"):
        rules.proxy_choice(url)


def test_a_masked_password_is_not_taken_for_the_password():
    with pytest.raises(ValueError, match="type them again"):
        rules.proxy_choice("http://***@proxy.example:3128")


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("", ""),
        ("http://127.0.0.1:8191/", "http://127.0.0.1:8191"),
        ("http://localhost:8191", "http://localhost:8191"),
        ("http://[::1]:8191", "http://[::1]:8191"),
        ("https://solver.example", "https://solver.example"),
        (" HTTPS://Solver.Example:8443 ", "https://solver.example:8443"),
    ],
)
def test_a_solver_is_on_this_computer_or_behind_https(url, kept):
    assert rules.solver_url(url) == kept


@pytest.mark.parametrize(
    "url", ["http://remote:8191", "http://192.168.1.2:8191", "http://127.0.0.1.evil.example"]
)
def test_a_solver_elsewhere_needs_https(url):
    with pytest.raises(ValueError, match="https"):
        rules.solver_url(url)


@pytest.mark.parametrize(
    "url", ["ws://127.0.0.1", "https://u:p@x", "http://127.0.0.1/v1", "https://x?y", "solver:8191"]
)
def test_a_solver_is_a_plain_address(url):
    with pytest.raises(ValueError, match="plain address"):
        rules.solver_url(url)


def test_zero_may_stand_beside_a_range():
    rule = rules.zero_or_between(60.0, 600.0)
    assert [rule(0.0), rule(60.0), rule(600.0)] == [0.0, 60.0, 600.0]
    for value in (1.0, 59.9, 601.0, -1.0):
        with pytest.raises(ValueError, match="between"):
            rule(value)


def test_a_range_includes_its_ends():
    rule = rules.between(1, 5)
    assert [rule(1), rule(5)] == [1, 5]
    for value in (0, 6):
        with pytest.raises(ValueError, match="must be between 1 and 5"):
            rule(value)


def test_names_for_models_are_kept_in_one_form():
    assert rules.model_aliases(" GPT-*=Grok-4 ,\no3 = grok-4,") == "gpt-*=grok-4, o3=grok-4"
    assert rules.model_aliases("") == ""
    with pytest.raises(ValueError, match="write NAME=MODEL"):
        rules.model_aliases("gpt-4")


@pytest.mark.parametrize(
    ("text", "kept"), [("", ""), ("8443", "8443"), (" 8443, 80,,8443 ", "80,8443"), (" , ", "")]
)
def test_ports_are_kept_in_order_and_once(text, kept):
    assert rules.ports(text) == kept


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "80-90", "80;90", "8\uff10", "1e3"])
def test_what_is_no_port_is_refused(text):
    with pytest.raises(ValueError, match="port numbers"):
        rules.ports(text)
