from dataclasses import replace

import pytest
from stand_in import NOW, evidence
from test_accounts_model import snapshot

from grokdesk.domain import errors
from grokdesk.domain.account import AccountState, Evidence
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow
from grokdesk.domain.verdict import Verdict
from grokdesk.ui.presenters.account_story import Help, story_of

OVERLOADED = errors.UpstreamUnavailableError(
    "grok.com is overloaded.", status=503, excerpt="<h1>503</h1>"
)


def test_a_resting_account_tells_why_since_when_and_until_when() -> None:
    account = snapshot(
        "a",
        state=AccountState.COOLING,
        state_until=NOW + 120,
        evidence=evidence(OVERLOADED, 30),
    )
    story = story_of(account, NOW)
    assert story.happened.startswith("Rests after failures, then is used again. Expected back in 2")
    assert story.happened.endswith("grok.com is overloaded.")
    assert story.action == "Nothing is wrong on your side; try again in a moment."
    assert story.circumstances.startswith("30 s ago (")
    assert story.circumstances.endswith("HTTP 503")
    assert story.request_id == "req-7f3a91c2"
    assert story.excerpt == "<h1>503</h1>"


def test_a_well_account_needs_nothing_but_tells_of_its_last_failure() -> None:
    story = story_of(snapshot("a", evidence=evidence(OVERLOADED, 30)), NOW)
    assert story.happened == ("Can answer the next request. Last failure: grok.com is overloaded.")
    assert story.action == ""
    assert story.help is Help.NONE


def test_without_evidence_the_state_says_what_to_do() -> None:
    story = story_of(snapshot("a", state=AccountState.EXPIRED), NOW)
    assert story.happened == "grok.com no longer accepts the token."
    assert "import the new token" in story.action
    assert story.circumstances == ""
    assert story.help is Help.IMPORT


@pytest.mark.parametrize(
    ("error", "help_"),
    [
        (errors.ChallengedError("Cloudflare checks."), Help.CONNECTION),
        (errors.AntiBotError("It took us for a robot."), Help.CONNECTION),
        (errors.UpstreamUnavailableError("It is down."), Help.NONE),
        (errors.RateLimitedError("Used up."), Help.NONE),
    ],
)
def test_trouble_with_the_way_leads_to_the_connection(
    error: errors.UpstreamError, help_: Help
) -> None:
    account = snapshot("a", state=AccountState.COOLING, evidence=evidence(error, 5))
    assert story_of(account, NOW).help is help_


def test_a_verdict_of_a_later_version_is_no_reason_to_fail() -> None:
    unknown = replace(evidence(OVERLOADED, 5), verdict="eaten_by_a_grue")
    account = snapshot("a", state=AccountState.COOLING, evidence=unknown)
    assert story_of(account, NOW).help is Help.NONE


@pytest.mark.parametrize("state", list(AccountState))
@pytest.mark.parametrize("verdict", ["", *Verdict])
def test_every_state_has_a_story(state: AccountState, verdict: str) -> None:
    happened = Evidence(NOW - 5, "It failed", verdict=verdict)
    story = story_of(snapshot("a", state=state, evidence=happened), NOW)
    assert story.happened.endswith("It failed.")
    assert story.as_text


def test_what_others_wrote_stays_on_one_line_and_is_marked_off() -> None:
    nasty = Evidence(NOW, "It\nfailed\x1b[31m", excerpt="a\r\nb\u202ec", request_id="r\n1")
    account = snapshot("a", state=AccountState.COOLING, evidence=nasty, note="one\ntwo")
    story = story_of(account, NOW)
    assert "It failed[31m." in story.happened
    assert "\n" not in story.excerpt + story.request_id
    assert "\u202e" not in story.excerpt
    assert ("Note", "one two") in [(fact.caption, fact.value) for fact in story.facts]


def test_facts_are_told_only_where_there_are_any() -> None:
    plain = [fact.caption for fact in story_of(snapshot("a"), NOW).facts]
    assert plain == ["Checked", "Last used", "Running"]
    media = QuotaWindow(Mode.IMAGE_PRO, 20, 12, 86_400.0, None, Provenance.MEASURED, NOW - 9_000)
    unknown = QuotaWindow(Mode.VIDEO, 0, 0, 86_400.0, provenance=Provenance.UNKNOWN)
    account = snapshot("a", windows=(media, unknown), priority=-3, in_flight=2, cap=8)
    facts = {fact.caption: fact.value for fact in story_of(account, NOW).facts}
    assert facts["Media left"] == "Pictures 12 (2 h old),  Videos ?"
    assert facts["Priority"] == "-3"
    assert facts["Running"] == "2 of 8 at once"
