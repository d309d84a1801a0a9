"""Short, redacted excerpts of upstream's answers: evidence that is safe to show and to store."""

import re

LIMIT = 300
"""Characters of an excerpt."""

_READ = 4096  # what is looked at; nothing beyond it can end up in the excerpt

_SECRETS = re.compile(
    r"""
    eyJ[\w-]{6,}(?:\.[\w-]*)*                                    # JWT, whole or cut off
    | \b(?:sso(?:-rw)?|cf_clearance|__cf_bm|_cfuvid|cf_chl_\w+)=[^\s;,"'<]+
    | \bBearer\s+\S+
    | [\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+                          # e-mail address
    | [A-Za-z0-9_+=-]{48,}                                       # longer than any id
    """,
    re.VERBOSE | re.ASCII,
)
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def excerpt(raw: bytes | str) -> str:
    """One line of at most LIMIT characters without tokens, cookies and e-mail addresses."""
    head = raw[:_READ].encode("utf-8", "replace") if isinstance(raw, str) else raw[:_READ]
    text = head.decode("utf-8", "replace")
    line = _SPACES.sub(" ", _SECRETS.sub("[hidden]", text)).strip()
    return line if len(line) <= LIMIT else f"{line[: LIMIT - 1]}…"
