import base64
import time
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokdesk.domain.apikey import generate_key
from grokdesk.kernel.redaction import MASK, Redactor, escape, redact

JWT = (
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9"
    ".eyJzZXNzaW9uX2lkIjoiY2FuYXJ5LTEyMzQ1In0"
    ".AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_"
)
CLEARANCE = "q1w2e3r4t5y6u7i8o9p0-1754000000-1.2.1.1-aBcDeF"
OPAQUE = "Canary-7f3a9b.2c+4d/5e=tail"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"token {JWT} was refused", JWT),
        (f"cookie line sso={JWT}; sso-rw={JWT}", JWT),
        (f"sso={OPAQUE}; other=1", OPAQUE),
        (f"Cookie: sso={OPAQUE}; cf_clearance={CLEARANCE}", CLEARANCE),
        (f"Set-Cookie: cf_clearance={CLEARANCE}; Path=/", CLEARANCE),
        (f"{{'Cookie': 'a=b; sso={OPAQUE}'}}", OPAQUE),
        (f"[('cookie', 'sso={OPAQUE}')]", OPAQUE),
        (f'{{"name": "x", "sso_token": "{OPAQUE}"}}', OPAQUE),
        (f'{{\\"cf_clearance\\": \\"{CLEARANCE}\\"}}', CLEARANCE),
        (f"sso%3D{JWT}%3B", JWT),
        (f"Authorization: Bearer {OPAQUE}", OPAQUE),
        (f"authorization=Basic {OPAQUE}", OPAQUE),
        (f"proxy-authorization: {OPAQUE}", OPAQUE),
        ("b'authorization: Bearer abcdefgh12345'", "abcdefgh12345"),
        (f"bearer {CLEARANCE} did not open it", CLEARANCE),
        (f"GET /v1/models?api_key={CLEARANCE}&x=1", CLEARANCE),
        (f"x-api-key: {CLEARANCE}", CLEARANCE),
        (f"x-statsig-id: {OPAQUE}", OPAQUE),
        ("proxy http://joe:hunter22@proxy.example:3128 refused", "hunter22"),
        ("password = hunter22", "hunter22"),
        ("the key xai-AbCdEfGhIjKlMnOpQrSt is old", "AbCdEfGhIjKlMnOpQrSt"),
        ("sk-proj-AbCdEfGhIjKlMnOpQrSt", "AbCdEfGhIjKlMnOpQrSt"),
        ("refresh_token=AbCdEfGhIjKlMnOpQrSt", "AbCdEfGhIjKlMnOpQrSt"),
    ],
)
def test_what_looks_like_a_secret_does_not_get_through(text, secret):
    assert secret not in redact(text)
    assert secret[:10] not in redact(text)
    assert MASK in redact(text)


def test_an_api_key_of_ours_is_hidden_whole_or_cut_short():
    key = generate_key()
    assert redact(f"the key {key} is unknown") == "the key gd-*** is unknown"
    assert redact(f"the key {key[:10]}...") == "the key gd-***..."


@pytest.mark.parametrize("form", [JWT, f"sso={JWT}", f"Bearer {JWT}", generate_key()])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_does_not_hide_a_secret_from_us(form, encode):
    encoded = encode(form.encode()).decode()
    assert encoded[:40] not in redact(f"payload {encoded} sent")


@pytest.mark.parametrize(
    "text",
    [
        "listening on http://127.0.0.1:18787/v1",
        "the account work (…wxyz) is cooling until 12:30",
        "the API key gd-…wxyz was revoked",
        "GET /v1/chat/completions 200 in 1.2 s, 3 accounts tried",
        "https://grok.com/rest/app-chat/conversations/new?x=1",
        "3 cookies were kept",
        "model grok-chat-fast, mode fast, 1200 tokens",
        "req_0191e2f47c7b7c3b8f0e2d9a4b6c8d1f",
        "the keyring asked for a password",
    ],
)
def test_ordinary_lines_stay_as_they_are(text):
    assert redact(text) == text


def test_the_user_of_an_address_is_hidden_and_its_host_stays():
    assert redact("socks5h://joe:pw@[::1]:1080/") == "socks5h://***@[::1]:1080/"


@given(st.text(max_size=300))
def test_redacting_twice_changes_nothing_more(text):
    once = redact(text)
    assert redact(once) == once


@pytest.mark.parametrize(
    "form",
    [
        OPAQUE,
        f"<{OPAQUE}>",
        urllib.parse.quote(OPAQUE, safe=""),
        base64.b64encode(OPAQUE.encode()).decode(),
        base64.urlsafe_b64encode(OPAQUE.encode()).decode(),
        OPAQUE[:10],
        f"value {OPAQUE[:12]}...",
    ],
)
def test_a_registered_secret_is_hidden_in_the_forms_in_which_secrets_leak(form):
    redactor = Redactor()
    redactor.register_secret(OPAQUE)
    assert form not in redactor.redact(f"saw {form} today")
    assert redactor.redact(f"saw {form} today").startswith("saw ")


@pytest.mark.parametrize("secret", ["hunter2", "pa ss", "пароль", "a/b+c=d"])
def test_a_short_or_odd_secret_is_searched_for_as_a_whole(secret):
    redactor = Redactor()
    redactor.register_secret(secret)
    assert redactor.redact(f"it is {secret}!") == "it is ***!"


def test_a_secret_of_a_few_letters_is_not_worth_making_lines_unreadable():
    redactor = Redactor()
    redactor.register_secret("a")
    redactor.register_secret("")
    assert redactor.redact("a cat") == "a cat"


def test_unregistered_text_stays():
    redactor = Redactor()
    redactor.register_secret(OPAQUE)
    line = "nothing-to-see-here in this rather-ordinary-line"
    assert redactor.redact(line) == line


def test_a_redactor_hides_by_shape_as_well():
    assert Redactor().redact(f"x {JWT}") == "x ***"


def test_registering_session_tokens_by_the_thousand_takes_no_memory():
    redactor = Redactor()
    for number in range(1_000):
        redactor.register_secret(f"{JWT}{number}")
    assert not redactor._heads
    assert not redactor._whole


def test_a_surrogate_in_a_secret_is_no_obstacle():
    redactor = Redactor()
    redactor.register_secret("half-\ud800-a-character")
    assert "a-character" not in redactor.redact("it: half-\ud800-a-character")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a\r\nb", "a\\r\\nb"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("user\u202egnp.exe", "user\\u202egnp.exe"),
        ("a\u2028b\u2066c", "a\\u2028b\\u2066c"),
        ("\x00\t\x9b", "\\x00\\t\\x9b"),
        ("\ud83d", "\\ud83d"),
        ("naïve 日本 😀", "naïve 日本 😀"),
    ],
)
def test_escaping_leaves_one_line_that_no_terminal_obeys(text, safe):
    assert escape(text) == safe


@pytest.mark.alone
def test_an_ordinary_line_costs_next_to_nothing_and_a_hostile_one_little():
    redactor = Redactor()
    redactor.register_secret(OPAQUE)
    ordinary = "GET /v1/chat/completions 200 in 1.2 s, first chunk after 0.4 s" * 3
    hostile = ["sso=" * 1_000, "://" * 1_300, "cookie " * 600, "eyJ" * 1_300, "token:" * 700]
    assert _seconds(redactor, ordinary, 1_000) < 0.5
    for text in hostile:
        assert _seconds(redactor, text, 1) < 0.1


def _seconds(redactor, text, times):
    started = time.perf_counter()
    for _ in range(times):
        escape(redactor.redact(text))
    return time.perf_counter() - started
