"""How long the answer to a running request may still take to begin."""

from curl_cffi import Curl, CurlInfo

from grokdesk.upstream.web.watchdog import Timeouts


def time_left(curl: Curl, running_s: float, timeouts: Timeouts) -> float:
    """Seconds; the limit runs from the connection on, until which curl keeps a limit of its own.

    Where there is no connection yet, it is the least that will be left.
    """
    connected_s = curl.getinfo(CurlInfo.PRETRANSFER_TIME)
    if not isinstance(connected_s, float) or connected_s <= 0:
        connected_s = running_s
    return min(connected_s, timeouts.connect_s) + timeouts.first_byte_s - running_s
