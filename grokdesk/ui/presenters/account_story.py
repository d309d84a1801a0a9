"""What happened to one account, what can be done about it, and what else is known of it."""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from grokdesk.domain.account import AccountState, Evidence
from grokdesk.domain.quota import MEDIA_MODES, Mode, QuotaWindow
from grokdesk.domain.verdict import Verdict
from grokdesk.services.accounts import AccountSnapshot
from grokdesk.ui import text
from grokdesk.ui.presenters.fact import Fact


class Help(enum.StrEnum):
    """The one button that helps; the value is its label."""

    NONE = ""
    IMPORT = "Import new token…"
    CHECK = "Check now"
    CONNECTION = "Open connection"


_HELP: Mapping[str, Help] = {
    Verdict.CHALLENGE: Help.CONNECTION,
    Verdict.REFUSED_BY_RULES: Help.CONNECTION,
    Verdict.LOCAL_NETWORK: Help.CONNECTION,
}

_WELL = frozenset({AccountState.READY, AccountState.BUSY, AccountState.DISABLED})
"""What happened before is history there."""
_TOLD_BY_EVIDENCE = frozenset({AccountState.EXPIRED, AccountState.BLOCKED, AccountState.SEALED})

_USUAL_ACTION = {
    AccountState.EXPIRED: "Sign in at grok.com with this account and import the new token.",
    AccountState.BLOCKED: "Sign in at grok.com with this account to see why, then check it again.",
    AccountState.SEALED: "Unlock the keyring of your desktop, then check it again.",
}
"""For accounts without evidence, from before it was kept."""


@dataclass(frozen=True, slots=True)
class AccountStory:
    title: str
    happened: str
    action: str
    """Empty when nothing needs to be done."""
    circumstances: str
    """When, and with which HTTP status."""
    request_id: str
    excerpt: str
    """Upstream's own words."""
    help: Help
    facts: tuple[Fact, ...]

    @property
    def as_text(self) -> str:
        """For a report to somebody else."""
        lines = (
            self.title,
            self.happened,
            self.action,
            self.circumstances,
            f"Request {self.request_id}" if self.request_id else "",
            self.excerpt,
        )
        return "\n".join(filter(None, lines))


def story_of(account: AccountSnapshot, now: float) -> AccountStory:
    evidence = account.evidence
    return AccountStory(
        title=_title(account),
        happened=_happened(account, now),
        action=_action(account),
        circumstances=_circumstances(evidence, now) if evidence else "",
        request_id=text.one_line(evidence.request_id, 80) if evidence else "",
        excerpt=text.one_line(evidence.excerpt, 300) if evidence else "",
        help=_help(account),
        facts=tuple(_facts(account, now)),
    )


def _title(account: AccountSnapshot) -> str:
    parts = [text.account_name(account.label)]
    if account.email and account.email != account.label:
        parts.append(text.one_line(text.masked_email(account.email), 60))
    parts.append(text.state_name(account.state))
    if account.tier is not None:
        pinned = " (set by you)" if account.tier_pinned else ""
        parts.append(f"{text.tier_name(account.tier)}{pinned}")
    return "  ·  ".join(parts)


def _happened(account: AccountSnapshot, now: float) -> str:
    evidence = account.evidence
    meaning = _meaning(account, now)
    if evidence is None:
        return meaning
    summary = text.sentence(evidence.summary)
    if account.state in _TOLD_BY_EVIDENCE:
        return summary
    return f"{meaning} {'Last failure: ' if account.state in _WELL else ''}{summary}"


def _meaning(account: AccountSnapshot, now: float) -> str:
    meaning = text.STATE_MEANINGS[account.state]
    if account.state_until is None or account.state_until <= now:
        return meaning
    moment = text.local_time(account.state_until)
    return f"{meaning} Expected back {text.until(account.state_until - now)} ({moment})."


def _action(account: AccountSnapshot) -> str:
    if account.state in _WELL:
        return ""
    advice = account.evidence.action if account.evidence else ""
    return text.one_line(advice or _USUAL_ACTION.get(account.state, ""), 300)


def _circumstances(evidence: Evidence, now: float) -> str:
    status = f" · HTTP {evidence.status}" if evidence.status else ""
    return f"{text.ago(now - evidence.at)} ({text.local_time(evidence.at)}){status}"


def _help(account: AccountSnapshot) -> Help:
    if account.state is AccountState.EXPIRED:
        return Help.IMPORT
    if account.state in _TOLD_BY_EVIDENCE:
        return Help.CHECK
    if account.state in _WELL or account.evidence is None:
        return Help.NONE
    return _HELP.get(account.evidence.verdict, Help.NONE)


def _facts(account: AccountSnapshot, now: float) -> Iterator[Fact]:
    windows = [window.at(now) for window in account.windows]
    for window in windows:
        if window.mode is Mode.WEEKLY:
            yield Fact("Week's credits", _quota(window, now))
    media = [window for window in windows if window.mode in MEDIA_MODES]
    if media:
        yield Fact("Media left", _media(media, now))
    checked = account.probed_at
    yield Fact("Checked", text.ago(now - checked) if checked is not None else "never")
    used = account.last_used_at
    yield Fact("Last used", text.ago(now - used) if used is not None else "never")
    own = " (set by you)" if account.max_in_flight is not None else ""
    yield Fact("Running", f"{text.number(account.in_flight)} of {account.cap} at once{own}")
    if account.priority:
        yield Fact("Priority", text.number(account.priority))
    if account.note:
        yield Fact("Note", text.one_line(account.note, 300))


def _quota(window: QuotaWindow, now: float) -> str:
    resets = window.resets_at
    until = f", resets {text.until(resets - now)}" if resets is not None else ""
    return f"{text.quota(window, now)}{until}"


def _media(windows: list[QuotaWindow], now: float) -> str:
    return ",  ".join(
        f"{text.MODE_NAMES[window.mode]} {text.quota(window, now)}" for window in windows
    )
