import copy
import pickle

import pytest

from grokdesk.domain.account import Account, AccountState, Evidence, Tier, Token

TEXT = "eyJhbGciOiJIUzI1NiJ9.payload.signature-wxyz"


def test_tiers_are_ordered_so_that_a_higher_one_may_serve_what_a_lower_one_may():
    assert Tier.BASIC < Tier.SUPER < Tier.HEAVY


@pytest.mark.parametrize("tier", list(Tier))
def test_a_tier_is_parsed_from_its_label_however_it_is_written(tier):
    assert Tier.parse(tier.label) is tier
    assert Tier.parse(f"  {tier.label.upper()} ") is tier


def test_an_unknown_tier_is_a_key_error():
    with pytest.raises(KeyError):
        Tier.parse("gold")


@pytest.mark.parametrize("render", [str, repr, "{}".format, lambda token: f"{token!r:>10}"])
def test_a_token_never_prints_more_than_its_last_four_characters(render):
    shown = render(Token(TEXT))
    assert "wxyz" in shown
    assert TEXT not in shown
    assert TEXT[:10] not in shown


def test_only_reveal_gives_the_text_of_a_token_away():
    assert Token(TEXT).reveal() == TEXT


def test_a_short_token_has_no_hint_because_the_hint_would_be_most_of_it():
    assert Token("abcdefghijk").hint == "…"
    assert Token("abcdefghijkl").hint == "…ijkl"


def test_the_fingerprint_recognises_a_token_and_does_not_contain_it():
    assert Token(TEXT).fingerprint == Token(str(TEXT)).fingerprint
    assert Token(TEXT).fingerprint != Token(TEXT + "x").fingerprint
    assert len(Token(TEXT).fingerprint) == 64


def test_equal_tokens_are_one_in_a_set_and_differ_from_their_text():
    assert len({Token(TEXT), Token(TEXT), Token("other")}) == 2
    assert Token(TEXT) != TEXT


@pytest.mark.parametrize("leak", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_token_cannot_be_pickled_or_copied(leak):
    with pytest.raises(TypeError, match="not to be pickled"):
        leak(Token(TEXT))


def test_an_account_of_unknown_tier_counts_as_basic():
    account = Account(id="a", label="work", fingerprint="f", token_hint="…wxyz")
    assert account.tier is None
    assert account.effective_tier is Tier.BASIC
    assert account.state is AccountState.READY


def test_a_known_tier_is_the_effective_one():
    account = Account(id="a", label="work", fingerprint="f", token_hint="…", tier=Tier.HEAVY)
    assert account.effective_tier is Tier.HEAVY


def test_an_account_compares_equal_whether_or_not_it_is_a_demo_one():
    plain = Account(id="a", label="work", fingerprint="f", token_hint="…")
    demo = Account(id="a", label="work", fingerprint="f", token_hint="…", demo=True)
    assert plain == demo


def test_evidence_needs_no_more_than_a_time_and_a_sentence():
    evidence = Evidence(at=1.0, summary="signed out")
    assert (evidence.status, evidence.excerpt, evidence.request_id) == (None, "", "")
