"""What a person pastes: a cookie with its browser, and a request's signature."""

import pytest

from grokdesk.domain.errors import InvalidRequestError, SettingsError
from grokdesk.upstream.web.clearance import pasted_clearance
from grokdesk.upstream.web.statsig import PastedStatsig, no_statsig, pasted_statsig
from grokdesk.upstream.web.wire import facts
from grokdesk.upstream.web.wire.browser import NEWEST_CHROME

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    f"Chrome/{NEWEST_CHROME}.0.0.0 Safari/537.36"
)
VALUE = "AbC.d_e-1786500000-1.2.1.1-something"


@pytest.mark.parametrize(
    "cookie",
    [
        f"cf_clearance={VALUE}",
        f"  Cookie: sso=token; cf_clearance={VALUE}; _ga=GA1; x-anonuserid=7 ",
        f"cookie:cf_clearance={VALUE}",
        VALUE,
    ],
)
def test_the_cookie_is_found_however_it_was_copied(cookie: str) -> None:
    clearance = pasted_clearance(cookie, f"User-Agent: {CHROME}\n")
    assert clearance.cookies == f"cf_clearance={VALUE}"
    assert clearance.profile.user_agent == CHROME
    assert clearance.profile.impersonate.startswith("chrome")


def test_all_of_cloudflares_cookies_are_kept() -> None:
    pasted = "__cf_bm=b; cf_clearance=c; _cfuvid=v; cf_chl_rc_i=1; grok_device_id=no"
    assert pasted_clearance(pasted, CHROME).cookies == (
        "__cf_bm=b; cf_clearance=c; _cfuvid=v; cf_chl_rc_i=1"
    )


@pytest.mark.parametrize("cookie", ["", "short", "sso=abc", "__cf_bm=b", "cf_clearance=", "a b"])
def test_a_text_without_clearance_is_refused(cookie: str) -> None:
    with pytest.raises(InvalidRequestError, match="no cookie named cf_clearance") as error:
        pasted_clearance(cookie, CHROME)
    assert error.value.param == "cookie"


@pytest.mark.parametrize("user_agent", ["", "curl/8.0", "Mozilla/5.0 ☃ Chrome/150.0"])
def test_a_browser_that_cannot_be_imitated_is_refused(user_agent: str) -> None:
    with pytest.raises(SettingsError, match="user agent"):
        pasted_clearance(VALUE, user_agent)


def test_a_clearance_does_not_print_its_cookies() -> None:
    assert VALUE not in repr(pasted_clearance(VALUE, CHROME))
    assert "cGFzdGVk" not in repr(PastedStatsig("cGFzdGVk"))


@pytest.mark.parametrize("text", ["cGFzdGVkLXZhbHVl", " x-statsig-id: cGFzdGVkLXZhbHVl\n"])
def test_a_pasted_signature_is_cleaned(text: str) -> None:
    assert pasted_statsig(text) == "cGFzdGVkLXZhbHVl"


@pytest.mark.parametrize(
    "text", ["", "two words", "short", "a" * 1001, "line\nbreak-is-bad", "äöü"]
)
def test_what_is_no_signature_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="no x-statsig-id"):
        pasted_statsig(text)


def test_only_rest_calls_carry_the_signature() -> None:
    provider = PastedStatsig("cGFzdGVk")
    signed = (facts.CHAT, facts.RATE_LIMITS, facts.IMAGINE_QUOTA, facts.MEDIA_CHAT)
    assert {provider(endpoint) for endpoint in signed} == {"cGFzdGVk"}
    unsigned = (facts.SESSION, facts.CHAT_SOCKET, facts.UPLOAD, facts.WEEKLY_CREDITS)
    assert {provider(endpoint) for endpoint in unsigned} == {""}
    assert no_statsig(facts.CHAT) == ""
