"""The Cookie header: the token, Cloudflare's cookies, and nothing else."""

import re

from grokdesk.domain.account import Token
from grokdesk.domain.errors import InvalidRequestError

_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]+")  # RFC 6265 cookie-octet
_CLOUDFLARE = re.compile(r"cf_clearance|__cf_bm|_cfuvid|cf_chl_[A-Za-z0-9_]+")


def clean_token(text: str) -> str:
    """Strip spaces and a leading `sso=`; raise InvalidRequestError for what no cookie can hold."""
    token = text.strip().removeprefix("sso=").strip()
    if not _VALUE.fullmatch(token):
        raise InvalidRequestError(
            "This is not a token: it is empty or has characters that a cookie cannot hold. "
            "Copy the value of the 'sso' cookie again.",
            param="token",
        )
    return token


def clearance_cookies(pasted: str) -> str:
    """Cloudflare's cookies out of a cookie string; everything else is dropped."""
    kept: dict[str, str] = {}
    for pair in pasted.split(";"):
        name, _, value = pair.strip().partition("=")
        if _CLOUDFLARE.fullmatch(name) and _VALUE.fullmatch(value):
            kept[name] = value
    return "; ".join(f"{name}={value}" for name, value in kept.items())


def cookie_header(token: Token, *, clearance: str = "", user_id: str = "") -> str:
    """`clearance` may be any pasted cookie string; `user_id` is the UUID that the socket wants."""
    text = clean_token(token.reveal())
    parts = [f"sso={text}", f"sso-rw={text}", clearance_cookies(clearance)]
    if _VALUE.fullmatch(user_id):
        parts.append(f"x-userid={user_id}")
    return "; ".join(part for part in parts if part)
