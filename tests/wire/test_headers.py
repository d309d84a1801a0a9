import pytest

from grokdesk.domain.errors import SettingsError
from grokdesk.upstream.web.wire import facts, headers
from grokdesk.upstream.web.wire.browser import BrowserProfile
from grokdesk.upstream.web.wire.facts import GROK, Origins

PROFILE = BrowserProfile()
HINTS = ["sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform"]


def names(sent):
    return [name for name, _ in sent]


def test_a_post_has_the_headers_of_a_script_on_the_page():
    sent = headers.xhr_headers(
        PROFILE, GROK, facts.IMAGINE_QUOTA, cookie="sso=a", request_id="R", statsig="S"
    )
    assert dict(sent) == {
        "x-xai-request-id": "R",
        "x-statsig-id": "S",
        **dict(PROFILE.client_hints()),
        "user-agent": PROFILE.user_agent,
        "content-type": "application/json",
        "accept": "*/*",
        "origin": "https://grok.com",
        "sec-fetch-site": "same-origin",
        "sec-fetch-mode": "cors",
        "sec-fetch-dest": "empty",
        "referer": "https://grok.com/imagine",
        "accept-encoding": "gzip, deflate, br, zstd",
        "accept-language": PROFILE.accept_language,
        "cookie": "sso=a",
        "priority": "u=1, i",
    }


def test_every_header_is_sent_once():
    for sent in (
        headers.xhr_headers(PROFILE, GROK, facts.CHAT, cookie="c", request_id="r", statsig="s"),
        headers.grpc_web_headers(PROFILE, GROK, facts.WEEKLY_CREDITS, cookie="c"),
        headers.socket_headers(PROFILE, GROK, cookie="c"),
        headers.download_headers(PROFILE, cookie="c"),
    ):
        assert len(set(names(sent))) == len(sent)
        assert all(name == name.lower() for name in names(sent))


def test_a_get_has_neither_origin_nor_content_type():
    sent = names(headers.xhr_headers(PROFILE, GROK, facts.SESSION, cookie="c"))
    assert not {"origin", "content-type", "x-xai-request-id", "x-statsig-id"} & set(sent)


def test_an_upload_leaves_the_content_type_to_the_transport():
    sent = headers.xhr_headers(PROFILE, GROK, facts.UPLOAD, cookie="c", content_type="")
    assert "content-type" not in names(sent)
    assert "origin" in names(sent)


def test_origin_and_referer_are_those_of_the_upstream_in_use():
    local = Origins.of("http://127.0.0.1:8080")
    sent = dict(headers.xhr_headers(PROFILE, local, facts.CHAT, cookie="c"))
    assert (sent["origin"], sent["referer"]) == ("http://127.0.0.1:8080", "http://127.0.0.1:8080/")
    assert dict(headers.socket_headers(PROFILE, local, cookie="c"))["origin"] == local.web


def test_grpc_has_its_own_content_type_and_no_request_id():
    sent = dict(headers.grpc_web_headers(PROFILE, GROK, facts.WEEKLY_CREDITS, cookie="c"))
    assert sent["content-type"] == "application/grpc-web+proto"
    assert (sent["x-grpc-web"], sent["x-user-agent"]) == ("1", "connect-es/2.1.1")
    assert not {"x-xai-request-id", "x-statsig-id"} & set(sent)


def test_a_socket_handshake_has_no_client_hints():
    assert names(headers.socket_headers(PROFILE, GROK, cookie="c")) == [
        "pragma",
        "cache-control",
        "user-agent",
        "origin",
        "accept-language",
        "cookie",
    ]


def test_a_download_looks_like_a_page_of_its_own():
    sent = headers.download_headers(PROFILE, cookie="c", accept="image/*")
    assert names(sent)[:3] == HINTS
    values = dict(sent)
    assert (values["accept"], values["priority"]) == ("image/*", "u=0, i")
    assert (values["sec-fetch-mode"], values["sec-fetch-user"]) == ("navigate", "?1")
    assert not {"origin", "content-type", "referer"} & set(values)


@pytest.mark.parametrize("value", ["a\r\nX: y", "schlüssel", "a\x00"])
def test_a_pasted_value_cannot_break_out_of_its_header(value):
    with pytest.raises(SettingsError):
        headers.xhr_headers(PROFILE, GROK, facts.CHAT, cookie="c", statsig=value)
