"""Why a transfer failed below HTTP, told apart: the network here, the proxy, or grok.com."""

import errno
from collections.abc import Mapping

from curl_cffi import Curl, CurlECode, CurlError, CurlInfo

from grokdesk.domain.errors import (
    IncompleteReplyError,
    LocalNetworkError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from grokdesk.upstream.web.proxies import Proxy

_UNREACHABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN})
_BROKEN_OFF = frozenset(
    {
        CurlECode.RECV_ERROR,
        CurlECode.SEND_ERROR,
        CurlECode.GOT_NOTHING,
        CurlECode.SSL_CONNECT_ERROR,
    }
)
_CERTIFICATE = frozenset(
    {CurlECode.PEER_FAILED_VERIFICATION, CurlECode.SSL_CACERT_BADFILE, CurlECode.SSL_ISSUER_ERROR}
)

# OpenSSL's X509_V_ERR_*; what curl itself finds wrong, the name, leaves "unspecified" (1).
_CERTIFICATES: Mapping[int, str] = {
    9: "The certificate of grok.com is not valid yet. The clock of this computer is probably slow.",
    10: "The certificate of grok.com has expired. The clock of this computer is probably wrong; "
    "otherwise something on the network stands in for grok.com.",
    1: "What answered as grok.com has a certificate for another name. The network's sign-in page, "
    "a proxy or a firewall may be in the way.",
}
_UNTRUSTED = (
    "The certificate of grok.com is not trusted here. A proxy or firewall may be intercepting the "
    "connection."
)

_SIGN_IN = "The proxy wants to be signed in to. Correct its user and password in the settings."
_PROXY_CANNOT = "The proxy works but cannot reach grok.com. Check the network behind it."
_PROXY_FORBIDS = "The proxy does not allow connections to grok.com. Use another one."
_PROXY_BROKE = "The proxy broke the connection off. Check its address and its kind in the settings."

# curl's CURLPX_* for SOCKS proxies; what is missing here is trouble with the proxy itself.
_SOCKS: Mapping[int, str] = {
    **dict.fromkeys((10, 11, 12, 33), _SIGN_IN),
    **dict.fromkeys((19, 20, 21, 22, 24, 26, 27), _PROXY_CANNOT),
    23: _PROXY_FORBIDS,
}


def explain(
    error: CurlError, curl: Curl, *, begun: bool, proxy: Proxy | None = None
) -> UpstreamError:
    """`begun`: a part of the reply had arrived. `curl` is the handle that failed."""
    if begun:
        return IncompleteReplyError("The connection to Grok broke in the middle of the reply.")
    code = int(error.code)
    if proxy is not None and (sentence := _proxy_fault(code, curl, proxy)):
        return LocalNetworkError(sentence)
    if code == CurlECode.COULDNT_RESOLVE_HOST:
        return LocalNetworkError(
            "The name grok.com could not be resolved. Check the network connection."
        )
    if code == CurlECode.COULDNT_CONNECT:
        return LocalNetworkError(_not_connected(_number(curl, CurlInfo.OS_ERRNO)))
    if code in _CERTIFICATE:
        result = _number(curl, CurlInfo.SSL_VERIFYRESULT)
        return LocalNetworkError(_CERTIFICATES.get(result, _UNTRUSTED))
    if code == CurlECode.OPERATION_TIMEDOUT:  # of connecting, the one limit that curl knows
        return LocalNetworkError(
            "grok.com could not be reached in time. Check the network, a firewall or a VPN."
        )
    if code == CurlECode.SSL_CONNECT_ERROR:
        return _handshake_fault(str(error))
    return UpstreamUnavailableError("The connection to Grok was closed before it answered.")


def silence(*, begun: bool, woken: bool) -> UpstreamError:
    """Nothing came for too long. `woken`: a sign of life was due after a change of network."""
    if not woken:
        return UpstreamTimeoutError(
            "Grok stopped in the middle of the reply." if begun else "Grok did not answer in time."
        )
    if begun:
        return IncompleteReplyError("The network changed in the middle of the reply.")
    return LocalNetworkError("The network changed while Grok was asked. Try again.")


def _proxy_fault(code: int, curl: Curl, proxy: Proxy) -> str:
    """Empty when the fault lies beyond the proxy."""
    if code == CurlECode.COULDNT_RESOLVE_PROXY:
        return "The name of the proxy could not be resolved. Check its address in the settings."
    if code == CurlECode.PROXY:
        return _SOCKS.get(_number(curl, CurlInfo.PROXY_ERROR), _PROXY_BROKE)
    answer = _number(curl, CurlInfo.HTTP_CONNECTCODE)
    if answer >= 300:
        return _refused_tunnel(answer)
    if answer:
        return ""
    if code == CurlECode.COULDNT_CONNECT:
        return "The proxy could not be reached. Check that it runs and its address in the settings."
    if code == CurlECode.OPERATION_TIMEDOUT:
        return "The proxy did not open a way to grok.com in time. Check that it works."
    if code in _CERTIFICATE and _number(curl, CurlInfo.PROXY_SSL_VERIFYRESULT):
        return "The certificate of the proxy is not trusted here. Check its address."
    if code in _BROKEN_OFF and not _was_connected(curl, proxy):
        return _PROXY_BROKE
    return ""


def _refused_tunnel(status: int) -> str:
    if status == 407:
        return _SIGN_IN
    return _PROXY_FORBIDS if status in (403, 405, 451) else _PROXY_CANNOT


def _was_connected(curl: Curl, proxy: Proxy) -> bool:
    """Whether the way through the proxy stood when the transfer failed."""
    if proxy.is_socks:
        return True  # what goes wrong before has its own code
    reused = not _number(curl, CurlInfo.NUM_CONNECTS)
    return reused or curl.getinfo(CurlInfo.SCHEME) == b"http"  # which takes no tunnel


def _not_connected(os_error: int) -> str:
    if os_error in _UNREACHABLE:
        return "This computer has no way to grok.com at the moment. Check the network connection."
    return "grok.com refused the connection. A firewall may be in the way; check the network."


def _handshake_fault(text: str) -> UpstreamError:
    # The names of BoringSSL's errors: curl has no codes of its own for them.
    if "WRONG_VERSION_NUMBER" in text or "HTTP_REQUEST" in text:
        return LocalNetworkError(
            "Something on the network answers in the place of grok.com, such as a sign-in page. "
            "Open a web page in the browser and sign in to the network."
        )
    if "VERSION" in text or "PROTOCOL" in text:
        return LocalNetworkError(
            "What answered as grok.com speaks an outdated kind of encryption. A proxy or firewall "
            "may be intercepting the connection."
        )
    return UpstreamUnavailableError("grok.com broke the connection off before it was encrypted.")


def _number(curl: Curl, info: CurlInfo) -> int:
    value = curl.getinfo(info)
    return value if isinstance(value, int) else 0
