"""How grok.com is reached, and how a test of it ended, in words."""

import re
from dataclasses import dataclass

from grokdesk.domain.diagnosis import diagnose
from grokdesk.services.egress import EgressCheck, EgressSnapshot
from grokdesk.ui import text
from grokdesk.ui.presenters.fact import Fact

PROXY = "upstream.proxy_url"
ASSETS_PROXY = "upstream.assets_proxy_url"
CLEARANCE = "upstream.clearance"
STATSIG = "upstream.statsig"
SOLVER_KEYS = (
    "upstream.flaresolverr_url",
    "upstream.flaresolverr_interval_s",
    "upstream.flaresolverr_timeout_s",
)
CONNECTION_KEYS = frozenset({PROXY, ASSETS_PROXY, CLEARANCE, STATSIG, *SOLVER_KEYS})
"""They have a page of their own, so the settings leave them out."""

_BROWSERS = (
    (re.compile(r"\bEdg/(\d+)"), "Edge"),
    (re.compile(r"\bFirefox/(\d+)"), "Firefox"),
    (re.compile(r"\bChrom(?:e|ium)/(\d+)"), "Chrome"),
    (re.compile(r"\bVersion/(\d+)\S* (?:Mobile/\w+ )?Safari/"), "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("iPhone", "iOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`tone` as a mark knows it."""

    tone: str
    title: str
    sentence: str
    action: str = ""


NOT_TESTED = Outcome(
    "muted",
    "Not tested yet",
    "The test asks grok.com as nobody: no account is needed and no call is spent.",
)


def outcome_of(check: EgressCheck) -> Outcome:
    if check.error is None:
        return Outcome("ok", "Connection works", text.sentence(check.sentence))
    diagnosis = diagnose(check.error)
    return Outcome(
        "bad",
        "Connection does not work",
        text.sentence(diagnosis.sentence, 400),
        text.one_line(diagnosis.action, 400),
    )


def facts_of(now: EgressSnapshot) -> tuple[Fact, ...]:
    """Nothing before the first call: what the system says is found out then."""
    if not now.user_agent:
        return ()
    way = Fact("Way to grok.com", _way(now.proxy))
    browser = Fact("Looks like", browser_name(now.user_agent))
    if now.assets_proxy == now.proxy:
        return (way, browser)
    return (way, Fact("Pictures and files", _way(now.assets_proxy)), browser)


def kept_since(moment: float | None) -> str:
    """Of something that was pasted; it is never shown itself."""
    if moment is None:
        return "Nothing is saved yet."
    return f"Saved on {text.local_date(moment)}." if moment else "Saved."


def cookie_status(now: EgressSnapshot, saved_at: float | None) -> str:
    since = kept_since(saved_at)
    if saved_at is None or not now.has_clearance:
        return since
    return f"{since} In use, together with {browser_name(now.user_agent)}."


def solver_status(now: EgressSnapshot) -> str:
    if now.trouble:
        return f"The last try failed. {text.sentence(now.trouble, 400)}"
    if now.has_clearance:
        return f"It passed the check and is used, together with {browser_name(now.user_agent)}."
    return "It has obtained nothing yet."


def browser_name(user_agent: str) -> str:
    """`Chrome 142 on Windows`."""
    for pattern, name in _BROWSERS:
        if found := pattern.search(user_agent):
            system = next((known for mark, known in _SYSTEMS if mark in user_agent), "")
            return f"{name} {found[1]} on {system}" if system else f"{name} {found[1]}"
    return "an unknown browser"


def _way(proxy: str) -> str:
    return f"through {text.one_line(proxy, 80)}" if proxy else "directly"
