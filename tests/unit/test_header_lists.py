"""Headers in curl's own form, read back as curl would."""

import gc

from curl_cffi import ffi

from grokdesk.upstream.web.header_lists import RequestHeaders, SharedHeaders, request_headers


def lines(headers: RequestHeaders) -> list[bytes]:
    found, node = [], headers.first
    while node:
        found.append(ffi.string(node.data))
        node = node.next
    return found


def test_a_header_of_its_own_goes_before_the_shared_ones() -> None:
    shared = SharedHeaders([("accept", "*/*"), ("cookie", "sso=\xe9")])
    rest = [b"accept: */*", b"cookie: sso=\xe9", b"Expect:"]
    assert lines(RequestHeaders(shared, "x-id: 1")) == [b"x-id: 1", *rest]
    assert lines(RequestHeaders(shared)) == rest


def test_requests_that_share_headers_do_not_see_each_others() -> None:
    shared = SharedHeaders([("accept", "*/*")])
    one, other = RequestHeaders(shared, "x-id: 1"), RequestHeaders(shared, "x-id: 2")
    assert lines(one)[0] == b"x-id: 1"
    assert lines(other)[0] == b"x-id: 2"
    assert lines(one)[1:] == lines(other)[1:]


def test_a_request_keeps_what_it_shares() -> None:
    headers = RequestHeaders(SharedHeaders([("cookie", "x" * 4096)]), "x-id: 1")
    gc.collect()
    assert lines(headers) == [b"x-id: 1", b"cookie: " + b"x" * 4096, b"Expect:"]


def test_pairs_and_finished_headers_are_both_taken() -> None:
    finished = request_headers([("a", "b")])
    assert lines(finished) == [b"a: b", b"Expect:"]
    assert request_headers(finished) is finished
