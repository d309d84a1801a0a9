"""Lists in settings: who may use the gateway, and under which names it is reached."""

import pytest

from grokdesk.settings import lists


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        (" , ,", ""),
        ("https://chat.example", "https://chat.example"),
        ("HTTPS://Chat.Example/", "https://chat.example"),
        ("https://chat.example:443, http://a:80", "https://chat.example, http://a"),
        ("https://chat.example:08443", "https://chat.example:8443"),
        ("http://localhost:3000,http://[::1]:3000", "http://localhost:3000, http://[::1]:3000"),
        ("app://obsidian.md", "app://obsidian.md"),
        (
            "chrome-extension://abcdefghijklmnop, moz-extension://0aa-1bb",
            "chrome-extension://abcdefghijklmnop, moz-extension://0aa-1bb",
        ),
        ("capacitor://localhost, tauri://localhost", "capacitor://localhost, tauri://localhost"),
        ("https://a.example, https://b.example,https://A.example", None),
    ],
)
def test_origins_are_kept_as_browsers_write_them(given, kept):
    if kept is None:
        kept = "https://a.example, https://b.example"
    assert lists.origins(given) == kept
    assert lists.origins(kept) == kept
    assert lists.entries(kept) == tuple(kept.split(", ")) if kept else lists.entries(kept) == ()


@pytest.mark.parametrize(
    "given",
    [
        "*",
        "null",
        "https://*.example",
        "https://a.example/path",
        "https://a.example?x",
        "https://user@a.example",
        "a.example",
        "//a.example",
        "https://",
        "https://a.example:0",
        "https://a.example:70000",
        "https://[::g]",
        "https://bücher.example",
        "https://a.example https://b.example",
        "https://a.example\nhttps://b.example",
        "javascript:alert(1)",
        "file:///home",
        ", ".join(f"https://host{n}.example" for n in range(51)),
    ],
)
def test_what_is_no_origin_is_refused(given):
    with pytest.raises(ValueError, match=r"must|more than"):
        lists.origins(given)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        ("My-NAS", "my-nas"),
        ("my-nas, my-nas.local:8080", "my-nas, my-nas.local:8080"),
        ("192.168.1.5:18787, [fd00::5]:9000", "192.168.1.5:18787, [fd00::5]:9000"),
        ("tunnel.example:443", "tunnel.example:443"),
    ],
)
def test_host_names_are_kept_in_small_letters(given, kept):
    assert lists.host_names(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "*",
        "*.example",
        "0.0.0.0",
        "[::]:80",
        "http://my-nas",
        "my-nas/",
        "user@my-nas",
        "my-nas.",
        "my nas",
        "my-nas:0",
        "my-nas:99999",
        "fd00::5",
        "a..b",
        "лan",
    ],
)
def test_what_is_no_host_name_is_refused(given):
    with pytest.raises(ValueError, match="must"):
        lists.host_names(given)
