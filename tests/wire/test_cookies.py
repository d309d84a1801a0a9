import pytest

from grokdesk.domain.account import Token
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.upstream.web.wire.cookies import clean_token, clearance_cookies, cookie_header

UUID = "2f6d0c9a-1111-4c7b-8d2e-5a0b7e9c4d10"


def test_the_token_goes_into_both_cookies():
    assert cookie_header(Token("abc.def")) == "sso=abc.def; sso-rw=abc.def"


def test_a_leading_name_is_stripped_from_the_token():
    assert cookie_header(Token(" sso=abc ")) == "sso=abc; sso-rw=abc"


def test_clearance_and_user_follow_the_token():
    header = cookie_header(Token("abc"), clearance="cf_clearance=one", user_id=UUID)
    assert header == f"sso=abc; sso-rw=abc; cf_clearance=one; x-userid={UUID}"


def test_a_user_id_that_would_break_the_header_is_left_out():
    assert cookie_header(Token("abc"), user_id="1; x=2") == "sso=abc; sso-rw=abc"


def test_only_cloudflares_cookies_are_taken_from_a_pasted_string():
    pasted = (
        "sso=stolen; cf_clearance=old; __cf_bm=b; _cfuvid=c; cf_chl_rc_i=d; x-userid=5; "
        "grok_device_id=e; cf_clearance=new; cf_clearance2=f; =g; lone; __cf_bm=bad value"
    )
    assert clearance_cookies(pasted) == "cf_clearance=new; __cf_bm=b; _cfuvid=c; cf_chl_rc_i=d"


@pytest.mark.parametrize(
    "text",
    ["", "sso=", "a b", "a;b", 'a"b', "a,b", "a\\b", "a\r\nX: y", "a\x00", "a\x7f", "tökén"],
)
def test_a_token_that_no_cookie_can_hold_is_refused(text):
    with pytest.raises(InvalidRequestError) as caught:
        clean_token(text)
    assert caught.value.param == "token"


def test_all_characters_of_a_jwt_are_allowed():
    assert clean_token("eyJ0-_.AZaz09+/==") == "eyJ0-_.AZaz09+/=="
