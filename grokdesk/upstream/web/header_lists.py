"""Request headers in curl's own form: what requests share is made once for all of them."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from curl_cffi import ffi, lib

_NO_EXPECT = b"Expect:"
"""No pause before large bodies to wait for 100-continue."""


class SharedHeaders:
    """Headers that any number of requests may carry at once."""

    __slots__ = ("first",)

    def __init__(self, headers: Iterable[tuple[str, str]]) -> None:
        first = ffi.NULL
        for name, value in headers:
            first = lib.curl_slist_append(first, f"{name}: {value}".encode("latin-1"))
        first = lib.curl_slist_append(first, _NO_EXPECT)
        self.first: Any = ffi.gc(first, lib.curl_slist_free_all)


class RequestHeaders:
    """The headers of one request, to be kept as long as curl has them."""

    __slots__ = ("_own", "_shared", "first")

    def __init__(self, shared: SharedHeaders, own: str = "") -> None:
        """`own`: the line that goes before the shared ones; empty: none."""
        self._shared = shared
        self.first = shared.first
        if own:
            self._own = ffi.new("char[]", own.encode("latin-1"))
            self.first = ffi.new("struct curl_slist *", (self._own, shared.first))


Headers: TypeAlias = Sequence[tuple[str, str]] | RequestHeaders


def request_headers(headers: Headers) -> RequestHeaders:
    if isinstance(headers, RequestHeaders):
        return headers
    return RequestHeaders(SharedHeaders(headers))
