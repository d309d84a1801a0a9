"""Whose token it is, by the answer of the session page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grokdesk.domain.errors import AccountBlockedError, TokenRejectedError, UpstreamError
from grokdesk.upstream.web.wire.excerpts import excerpt
from grokdesk.upstream.web.wire.lenient import changed, first_text, object_of, parse_object, text_of

_REFUSED: Mapping[str, tuple[type[UpstreamError], str]] = {
    "unauthenticated": (
        TokenRejectedError,
        "This token is signed out. Sign in at grok.com and import the new token.",
    ),
    "blocked": (
        AccountBlockedError,
        "grok.com has blocked this account. Sign in at grok.com to see why.",
    ),
}
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Identity:
    """`user_id` is a UUID, as the chat socket wants it."""

    user_id: str
    email: str = ""


def parse_identity(body: bytes) -> Identity:
    """Raise TokenRejectedError, AccountBlockedError or ProtocolChangedError.

    The status counts, even when an identity is left over beside it.
    """
    answer = parse_object(body, "the session")
    status = text_of(answer.get("status")).lower()
    if refused := _REFUSED.get(status):
        error, sentence = refused
        raise error(sentence, excerpt=excerpt(body))
    user_id = _user_id(answer)
    if not _UUID.fullmatch(user_id):
        raise changed("the session", body)
    return Identity(user_id.lower(), _email(answer))


def _user_id(answer: Mapping[str, Any]) -> str:
    session, user = object_of(answer.get("session")), object_of(answer.get("user"))
    return (
        first_text(session, "userId")
        or first_text(user, "id", "userId", "sub")
        or first_text(answer, "id", "userId", "sub")
    )


def _email(answer: Mapping[str, Any]) -> str:
    places = (object_of(answer.get("session")), object_of(answer.get("user")), answer)
    return next((email for place in places if (email := text_of(place.get("email")))), "")
