"""Take secrets out of text before anybody can read it."""

import base64
import re
import urllib.parse

MASK = "***"

# A name, then `=` or `:` however it was quoted, escaped or percent-encoded.
_IS = r"([\\\"']*\s*(?:[=:]|%3[ad])\s*b?[\\\"']*)"
_NAMED = (
    r"(?i)(?<![a-z0-9])(sso(?:-rw|_token)?|cf_clearance|__cf_bm|_cfuvid|cf_chl_\w+"
    r"|x-statsig-id|x-api-key|api[_-]?key|passw(?:or)?d|passphrase)"
)

# (lower-case markers, pattern, replacement): a pattern runs only when one of its markers is there,
# which keeps an ordinary line at a few substring searches.
_RULES: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    (
        ("authorization", "cookie"),
        re.compile(
            r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)"
            r"([\\\"']*\s*[=:]\s*b?[\\\"']*|[\"'],\s*b?[\"'])[^\"'\\\r\n]+"
        ),
        rf"\1\2{MASK}",
    ),
    (
        ("sso", "cf", "x-", "api", "pass"),
        re.compile(_NAMED + _IS + r"[^\s;,\"'\\&<>]+"),
        rf"\1\2{MASK}",
    ),
    (
        ("token", "secret"),
        re.compile(r"(?i)(token|secret)" + _IS + r"[\w.~+/%-]{16,}"),
        rf"\1\2{MASK}",
    ),
    (("bearer",), re.compile(r"(?i)\b(bearer)\s+[\w.~+/=-]{6,}"), rf"\1 {MASK}"),
    (("://",), re.compile(r"://[^/\s@\"'<>]+@"), f"://{MASK}@"),
    (("eyj",), re.compile(r"(?<![A-Za-z0-9])eyJ[\w-]{7,}(?:\.[\w-]*)*"), MASK),
    (("gd-",), re.compile(r"(?<![A-Za-z0-9])gd-[\w-]{6,}"), f"gd-{MASK}"),
    (("xai-", "sk-"), re.compile(r"(?<![A-Za-z0-9])(xai|sk)-[\w-]{16,}"), rf"\1-{MASK}"),
    # Base64 of `eyJ`, `gd-`, `sso=` and `Bearer `.
    (
        ("zxlk", "z2qt", "c3nvp", "qmvhcmvyi"),
        re.compile(r"(?:ZXlK|Z2Qt|c3NvP|QmVhcmVyI)[\w+/-]{12,}={0,2}"),
        MASK,
    ),
)

_HEAD = 10
_RUN = re.compile(rf"[\w-]{{{_HEAD},}}")

# What could forge a line, drive a terminal or turn the reading direction, and what is no text.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def redact(text: str) -> str:
    """Without whatever looks like a secret of grok.com, of ours, or of HTTP in general."""
    lowered = text.lower()
    for markers, pattern, replacement in _RULES:
        if any(marker in lowered for marker in markers):
            text = pattern.sub(replacement, text)
    return text


def escape(text: str) -> str:
    """On one line, and harmless to a terminal."""
    return _UNPRINTABLE.sub(_escaped, text)


class Redactor:
    """`redact` and besides the secrets that it was told about, in the forms in which they leak.

    Of a registered secret only hashes of its first characters stay here, unless it is so short or
    so odd that it has to be searched for as a whole. May be used from any thread.
    """

    def __init__(self) -> None:
        self._heads: set[int] = set()
        self._whole: set[str] = set()

    def register_secret(self, secret: str) -> None:
        """Hide it from now on: raw, percent-encoded, in Base64, or cut after 10 characters."""
        if len(secret) < 4 or redact(secret) == MASK:
            return  # hidden by its shape; 10,000 session tokens cost nothing here
        encoded = secret.encode("utf-8", "surrogatepass")
        forms = (
            secret,
            urllib.parse.quote(encoded, safe=""),
            base64.b64encode(encoded).decode(),
            base64.urlsafe_b64encode(encoded).decode(),
        )
        if not _RUN.search(secret):
            self._whole.update(forms)
        for form in forms:
            self._heads.update(hash(run[:_HEAD]) for run in _RUN.findall(form))

    def redact(self, text: str) -> str:
        text = redact(text)
        for secret in self._whole:
            text = text.replace(secret, MASK)
        return _RUN.sub(self._unless_known, text) if self._heads else text

    def _unless_known(self, match: re.Match[str]) -> str:
        run = match.group()
        return MASK if hash(run[:_HEAD]) in self._heads else run


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    if match.group() in _SHORT:
        return _SHORT[match.group()]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
