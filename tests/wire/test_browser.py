import typing

import pytest
from curl_cffi.requests.impersonate import DEFAULT_CHROME, BrowserTypeLiteral

from grokdesk.domain.errors import SettingsError
from grokdesk.upstream.web.wire import browser
from grokdesk.upstream.web.wire.browser import BrowserProfile

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"


def test_the_default_is_the_newest_chrome_that_curl_knows():
    profile = BrowserProfile()
    assert profile.impersonate == DEFAULT_CHROME
    assert f"Chrome/{browser.NEWEST_CHROME}." in profile.user_agent


def test_curl_knows_every_name_that_is_used():
    known = set(typing.get_args(BrowserTypeLiteral))
    used = {*browser._CHROME.values(), *browser._FIREFOX.values(), *browser._SAFARI.values()}
    assert used <= known


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"{MAC} Chrome/150.0.0.0 Safari/537.36", "chrome150"),
        (f"{WINDOWS} Chrome/148.0.0.0 Safari/537.36", "chrome146"),
        (f"{WINDOWS} Chrome/149.0.0.0 Safari/537.36 Edg/149.0.0.0", "chrome150"),
        (f"{MAC} Chrome/90.0.0.0 Safari/537.36", "chrome107"),
        (f"{MAC} Chrome/200.0.0.0 Safari/537.36", "chrome150"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0", "firefox144"),
        (f"{MAC} Version/18.4 Safari/605.1.15", "safari184"),
        ("Mozilla/5.0 (iPhone) Version/17.0 Mobile/15E148 Safari/604.1", "safari170"),
    ],
)
def test_the_nearest_profile_follows_from_the_user_agent(user_agent, name):
    profile = BrowserProfile.of(user_agent)
    assert (profile.user_agent, profile.impersonate) == (user_agent, name)


@pytest.mark.parametrize("user_agent", ["", "curl/8.0", "Chrome/150\r\nX: y", "Chröme/150"])
def test_what_cannot_be_imitated_is_refused(user_agent):
    with pytest.raises(SettingsError, match="Chrome, Firefox or Safari"):
        BrowserProfile.of(user_agent)


@pytest.mark.parametrize(
    ("major", "hint"),
    [  # as sent by curl-cffi 0.16 for these versions
        (107, '"Google Chrome";v="107", "Chromium";v="107", "Not=A?Brand";v="24"'),
        (120, '"Not_A Brand";v="8", "Chromium";v="120", "Google Chrome";v="120"'),
        (124, '"Chromium";v="124", "Google Chrome";v="124", "Not-A.Brand";v="99"'),
        (136, '"Chromium";v="136", "Google Chrome";v="136", "Not.A/Brand";v="99"'),
        (145, '"Not:A-Brand";v="99", "Google Chrome";v="145", "Chromium";v="145"'),
        (146, '"Chromium";v="146", "Not-A.Brand";v="24", "Google Chrome";v="146"'),
        (150, '"Not;A=Brand";v="8", "Chromium";v="150", "Google Chrome";v="150"'),
    ],
)
def test_client_hints_are_those_of_the_same_chrome(major, hint):
    hints = list(BrowserProfile.of(f"{MAC} Chrome/{major}.0.0.0 Safari/537.36").client_hints())
    assert hints == [
        ("sec-ch-ua", hint),
        ("sec-ch-ua-mobile", "?0"),
        ("sec-ch-ua-platform", '"macOS"'),
    ]


@pytest.mark.parametrize(
    ("system", "platform", "mobile"),
    [
        ("Windows NT 10.0; Win64; x64", "Windows", "?0"),
        ("X11; Linux x86_64", "Linux", "?0"),
        ("X11; CrOS x86_64 14541.0.0", "Chrome OS", "?0"),
        ("Linux; Android 10; K", "Android", "?1"),
        ("Amiga", "Unknown", "?0"),
    ],
)
def test_client_hints_name_the_system_of_the_user_agent(system, platform, mobile):
    suffix = " Mobile" if mobile == "?1" else ""
    profile = BrowserProfile.of(f"Mozilla/5.0 ({system}) Chrome/150.0.0.0{suffix} Safari/537.36")
    assert dict(profile.client_hints())["sec-ch-ua-platform"] == f'"{platform}"'
    assert dict(profile.client_hints())["sec-ch-ua-mobile"] == mobile


def test_edge_and_plain_chromium_name_themselves():
    edge = BrowserProfile.of(f"{WINDOWS} Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0")
    plain = BrowserProfile.of(f"{MAC} Chromium/149.0.0.0 Safari/537.36")
    assert '"Microsoft Edge";v="150"' in dict(edge.client_hints())["sec-ch-ua"]
    assert dict(plain.client_hints())["sec-ch-ua"] == ('"Chromium";v="149", "Not)A;Brand";v="24"')


def test_other_browsers_send_no_client_hints():
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0"
    assert BrowserProfile.of(firefox).client_hints() == ()
