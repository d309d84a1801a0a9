import pytest

from grokdesk.domain import errors
from grokdesk.ui.sentences import UNEXPECTED, Remedy, explain


def test_the_next_account_is_announced_when_it_is_known() -> None:
    told = explain(errors.NoAccountError("All accounts are busy.", retry_at=1720.0), now=1000.0)
    assert told.sentence == "All accounts are busy. The next account is expected in 12 min."
    assert told.remedy is Remedy.ACCOUNTS


def test_a_paused_gateway_offers_to_resume() -> None:
    assert explain(errors.GatewayPausedError("Paused"), 0.0).remedy is Remedy.RESUME


def test_a_bug_never_shows_its_own_text() -> None:
    assert explain(KeyError("token eyJhbGciOi"), 0.0).sentence == UNEXPECTED


def test_a_sentence_ends_with_one_full_stop() -> None:
    assert explain(errors.ConflictError("It is taken"), 0.0).sentence == "It is taken."
    assert explain(errors.ConflictError("Done."), 0.0).sentence == "Done."


def test_what_grok_com_refused_comes_with_what_can_be_done() -> None:
    told = explain(errors.ContentRefusedError("grok.com declined"), 0.0).sentence
    assert told.startswith("grok.com declined. Change what is asked")


def test_advice_in_the_error_itself_comes_before_the_usual_one() -> None:
    challenged = errors.ChallengedError("Cloudflare checks. Copy the cookie anew.")
    told = explain(challenged, 0.0)
    assert told.sentence == "Cloudflare checks. Copy the cookie anew."
    assert told.remedy is Remedy.CONNECTION


def test_what_the_doctor_tells_programs_is_not_told_at_the_window() -> None:
    told = explain(errors.InvalidRequestError("There is already such a key."), 0.0)
    assert told.sentence == "There is already such a key."


def test_markup_and_line_breaks_in_an_error_stay_one_plain_line() -> None:
    told = explain(errors.ConflictError("<b>bad</b>\nsecond\x1b"), 0.0)
    assert told.sentence == "<b>bad</b> second."


def _all_errors(kind: type[errors.GrokdeskError]) -> list[type[errors.GrokdeskError]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in _all_errors(child))]


@pytest.mark.parametrize("kind", _all_errors(errors.GrokdeskError), ids=lambda kind: kind.__name__)
def test_every_error_of_the_tree_has_an_explanation(kind: type[errors.GrokdeskError]) -> None:
    error = kind.__new__(kind)
    error.args = ("It failed",)
    error.retry_at = None  # type: ignore[attr-defined]
    told = explain(error, 0.0).sentence
    assert told.endswith(".")
    assert ".." not in told
    assert told.startswith(("It failed.", "grok.com "))
