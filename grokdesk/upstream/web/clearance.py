"""Proof for Cloudflare that a browser was checked: its cookies and the browser they belong to."""

import re
from dataclasses import dataclass, field

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.upstream.web.wire.browser import BrowserProfile
from grokdesk.upstream.web.wire.cookies import clearance_cookies

_HEADER_NAME = re.compile(r"(?i)^\s*(?:cookie|user-agent)\s*:\s*")
_BARE_VALUE = re.compile(r"[\w.-]{20,}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Clearance:
    """The cookies count only together with the browser, and from the same network."""

    cookies: str = field(default="", repr=False)
    profile: BrowserProfile = field(default_factory=BrowserProfile)


NO_CLEARANCE = Clearance()


def pasted_clearance(cookie: str, user_agent: str) -> Clearance:
    """What a person copied from a browser's developer tools, a header's name included or not.

    Raise InvalidRequestError for a text without clearance, SettingsError for a user agent that
    cannot be imitated.
    """
    text = _HEADER_NAME.sub("", cookie).strip()
    if _BARE_VALUE.fullmatch(text):
        text = f"cf_clearance={text}"
    cookies = clearance_cookies(text)
    if "cf_clearance=" not in cookies:
        raise InvalidRequestError(
            "There is no cookie named cf_clearance in this text. Copy the whole value of the "
            "Cookie header of a request to grok.com.",
            param="cookie",
        )
    return Clearance(cookies, BrowserProfile.of(_HEADER_NAME.sub("", user_agent).strip()))
