"""The browser we look like: user agent, client hints and TLS name of one and the same version."""

import re
from dataclasses import dataclass
from functools import lru_cache

from grokdesk.domain.errors import SettingsError

# Names that curl-cffi 0.16 knows, by major version.
_CHROME = {
    107: "chrome107",
    110: "chrome110",
    116: "chrome116",
    119: "chrome119",
    120: "chrome120",
    123: "chrome123",
    124: "chrome124",
    131: "chrome131",
    133: "chrome133a",
    136: "chrome136",
    142: "chrome142",
    145: "chrome145",
    146: "chrome146",
    150: "chrome150",
}
_FIREFOX = {133: "firefox133", 135: "firefox135", 144: "firefox144", 147: "firefox147"}
_SAFARI = {15: "safari155", 17: "safari170", 18: "safari184", 26: "safari2601"}

# In this order: Chrome's user agent names Safari too.
_FAMILIES = (
    (re.compile(r"\bFirefox/(\d{1,4})"), _FIREFOX),
    (re.compile(r"\b(?:Chrome|Chromium)/(\d{1,4})"), _CHROME),
    (re.compile(r"\bVersion/(\d{1,4})[\d.]* (?:Mobile/\w+ )?Safari/"), _SAFARI),
)

# In this order: Android's user agent names Linux too.
_PLATFORMS = (
    ("Android", "Android"),
    ("CrOS", "Chrome OS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)

NEWEST_CHROME = max(_CHROME)
_CHROME_ON_MAC = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 "
    f"(KHTML, like Gecko) Chrome/{NEWEST_CHROME}.0.0.0 Safari/537.36"
)


@dataclass(frozen=True, slots=True)
class BrowserProfile:
    """`impersonate` is curl-cffi's name of the TLS and HTTP/2 behaviour."""

    user_agent: str = _CHROME_ON_MAC
    impersonate: str = _CHROME[NEWEST_CHROME]
    accept_language: str = "en-US,en;q=0.9"

    @classmethod
    def of(cls, user_agent: str) -> "BrowserProfile":
        """The profile nearest to a user agent, such as the one that solved a challenge.

        Raise SettingsError for one that is not Chrome's, Firefox's or Safari's.
        """
        if user_agent.isascii() and user_agent.isprintable():
            for pattern, names in _FAMILIES:
                if found := pattern.search(user_agent):
                    return cls(user_agent, _nearest(names, int(found[1])))
        raise SettingsError(
            "upstream.user_agent",
            f"'{user_agent[:100]}' is not a user agent that Grokdesk can imitate. "
            "Use one of Chrome, Firefox or Safari.",
        )

    def client_hints(self) -> tuple[tuple[str, str], ...]:
        """What Chromium adds to every request by itself; other browsers add nothing."""
        return _client_hints(self.user_agent)


@lru_cache(maxsize=8)  # the same for each request of a browser
def _client_hints(user_agent: str) -> tuple[tuple[str, str], ...]:
    found = re.search(r"\bChrom(?:e|ium)/(\d+)", user_agent)
    if not found:
        return ()
    platform = next((name for mark, name in _PLATFORMS if mark in user_agent), "Unknown")
    return (
        ("sec-ch-ua", _brands(int(found[1]), _brand(user_agent))),
        ("sec-ch-ua-mobile", "?1" if "Mobile" in user_agent else "?0"),
        ("sec-ch-ua-platform", f'"{platform}"'),
    )


def _brand(user_agent: str) -> str:
    if "Edg/" in user_agent:
        return "Microsoft Edge"
    return "Google Chrome" if "Chrome/" in user_agent else ""


def _nearest(names: dict[int, str], major: int) -> str:
    return names[min(names, key=lambda known: (abs(known - major), known))]


# Chromium mixes an invalid brand into the list so that servers do not rely on its form. Characters,
# version and order follow from the major version (checked against curl-cffi for 107 to 150).
_GREASE_CHARACTERS = " (:-./);=?_"
_GREASE_VERSIONS = ("8", "99", "24")
_ORDERS = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))


def _brands(major: int, brand: str) -> str:
    first, second = (_GREASE_CHARACTERS[(major + i) % len(_GREASE_CHARACTERS)] for i in (0, 1))
    grease = (f"Not{first}A{second}Brand", _GREASE_VERSIONS[major % 3])
    named = [grease, ("Chromium", str(major))]
    if brand:
        named.append((brand, str(major)))
    order = _ORDERS[major % 6] if brand else (major % 2, 1 - major % 2)
    placed = sorted(zip(order, named, strict=True))
    return ", ".join(f'"{name}";v="{version}"' for _, (name, version) in placed)
