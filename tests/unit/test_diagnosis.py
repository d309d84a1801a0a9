import asyncio
import inspect
import sqlite3
from pathlib import Path

import pytest

from grokdesk.domain import errors
from grokdesk.domain.circumstances import ALONE_AFTER, Surroundings, describe_skew
from grokdesk.domain.diagnosis import diagnose
from grokdesk.domain.errors import GrokdeskError
from grokdesk.domain.verdict import Diagnosis, Verdict

SENTENCE = "This happened."
TREE = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, GrokdeskError)
]


def made(kind, **more):
    if kind is errors.UnknownModelError:
        return kind("gpt-5", "grok-5")
    if kind is errors.SettingsError:
        return kind("gateway.port", SENTENCE)
    if kind is errors.CircuitOpenError:
        return kind(SENTENCE, retry_at=12.0)
    if kind is errors.KeyLimitError:
        return kind(SENTENCE, retry_after=12.0)
    return kind(SENTENCE, **more)


VERDICTS = {
    errors.GrokdeskError: Verdict.UNKNOWN,
    errors.RequestError: Verdict.CLIENT_ERROR,
    errors.InvalidRequestError: Verdict.CLIENT_ERROR,
    errors.UnauthorizedError: Verdict.CLIENT_ERROR,
    errors.KeyEndedError: Verdict.CLIENT_ERROR,
    errors.UnknownResponseError: Verdict.CLIENT_ERROR,
    errors.UnknownModelError: Verdict.CLIENT_ERROR,
    errors.ModelNotAllowedError: Verdict.CLIENT_ERROR,
    errors.KeyLimitError: Verdict.CLIENT_ERROR,
    errors.AnswerFormatError: Verdict.CLIENT_ERROR,
    errors.GatewayPausedError: Verdict.PAUSED,
    errors.NoAccountError: Verdict.NO_ACCOUNT,
    errors.AccountsBlockedError: Verdict.ACCOUNT_BLOCKED,
    errors.CircuitOpenError: Verdict.OVERLOADED,
    errors.VaultLockedError: Verdict.VAULT_LOCKED,
    errors.SettingsError: Verdict.SETUP,
    errors.ConflictError: Verdict.SETUP,
    errors.UpstreamError: Verdict.UNKNOWN,
    errors.TokenRejectedError: Verdict.SESSION_EXPIRED,
    errors.AccountBlockedError: Verdict.ACCOUNT_BLOCKED,
    errors.RateLimitedError: Verdict.QUOTA_USED,
    errors.ChallengedError: Verdict.CHALLENGE,
    errors.AntiBotError: Verdict.REFUSED_BY_RULES,
    errors.ForbiddenError: Verdict.REFUSED_BY_RULES,
    errors.ContentRefusedError: Verdict.CONTENT_REFUSED,
    errors.RequestTooLargeError: Verdict.CLIENT_ERROR,
    errors.UpstreamUnavailableError: Verdict.OVERLOADED,
    errors.UpstreamTimeoutError: Verdict.OVERLOADED,
    errors.IncompleteReplyError: Verdict.OVERLOADED,
    errors.SocketUnknownError: Verdict.PROTOCOL_CHANGED,
    errors.LocalNetworkError: Verdict.LOCAL_NETWORK,
    errors.ProtocolChangedError: Verdict.PROTOCOL_CHANGED,
}

AROUNDS = [
    None,
    Surroundings(),
    Surroundings(9, True, True, 0.0),
    Surroundings(9, False, True, 7200.0),
    Surroundings(0, False, False, -1e9),
    Surroundings(1, True, False, 1e12),
]


@pytest.mark.parametrize("kind", TREE)
def test_every_error_has_its_verdict(kind):
    assert diagnose(made(kind)).verdict is VERDICTS[kind]


@pytest.mark.parametrize("around", AROUNDS)
@pytest.mark.parametrize(
    "error",
    [
        *(made(kind) for kind in TREE),
        *(kind() for kind in (ValueError, KeyboardInterrupt, asyncio.CancelledError, OSError)),
        TimeoutError("x"),
        GrokdeskError(""),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_happened_there_are_a_sentence_and_an_action(error, around):
    diagnosis = diagnose(error, around)
    for text in (diagnosis.sentence, diagnosis.action):
        assert text == text.strip()
        assert text[0].isupper() or text.startswith(("grok.com", "'"))
        assert text.endswith((".", "?"))
        assert len(text) < 300


def test_a_kind_of_error_that_is_new_is_diagnosed_as_its_base():
    class StrangeTimeoutError(errors.UpstreamTimeoutError):
        pass

    known = diagnose(errors.UpstreamTimeoutError(SENTENCE))
    assert diagnose(StrangeTimeoutError(SENTENCE)) == known


def test_words_of_others_are_never_quoted():
    for error in (
        sqlite3.OperationalError("secret in SQL"),
        ValueError("secret"),
        OSError("secret"),
    ):
        diagnosis = diagnose(error)
        assert diagnosis.verdict is Verdict.UNKNOWN
        assert "secret" not in diagnosis.sentence + diagnosis.action


def test_what_an_error_says_of_itself_is_divided_into_what_happened_and_what_can_be_done():
    error = errors.LocalNetworkError("The proxy refused. Check its address. Then try again.")
    assert diagnose(error) == Diagnosis(
        Verdict.LOCAL_NETWORK, "The proxy refused.", "Check its address. Then try again."
    )
    short = errors.LocalNetworkError("The proxy at 127.0.0.1:9 refused")
    assert diagnose(short).sentence == "The proxy at 127.0.0.1:9 refused."
    assert "proxy" in diagnose(short).action


def test_a_pool_without_a_fitting_account_needs_one_and_a_resting_pool_needs_time():
    resting = diagnose(errors.NoAccountError("All are used up.", retry_at=5.0))
    missing = diagnose(errors.NoAccountError("None is of tier heavy."))
    assert "Wait" in resting.action
    assert "Wait" not in missing.action
    assert "Import" in missing.action


SILENT = [
    errors.UpstreamUnavailableError(SENTENCE),
    errors.UpstreamTimeoutError(SENTENCE),
    errors.IncompleteReplyError(SENTENCE),
    errors.LocalNetworkError(SENTENCE),
    errors.CircuitOpenError(SENTENCE, retry_at=5.0),
]
ANSWERED = [
    errors.UpstreamUnavailableError(SENTENCE, status=502),
    errors.LocalNetworkError(SENTENCE, status=407),
    *(
        kind(SENTENCE, status=403)
        for kind in (
            errors.ChallengedError,
            errors.AntiBotError,
            errors.ForbiddenError,
            errors.AccountBlockedError,
            errors.TokenRejectedError,
            errors.RateLimitedError,
            errors.ContentRefusedError,
            errors.ProtocolChangedError,
        )
    ),
    errors.VaultLockedError(SENTENCE),
    errors.InvalidRequestError(SENTENCE),
]


@pytest.mark.parametrize("error", SILENT, ids=lambda error: type(error).__name__)
def test_silence_while_this_computer_is_offline_is_the_networks(error):
    diagnosis = diagnose(error, Surroundings(online=False, clock_skew_s=1e6, others_succeed=False))
    assert diagnosis.verdict is Verdict.LOCAL_NETWORK
    assert "no connection" in diagnosis.sentence


@pytest.mark.parametrize("error", ANSWERED, ids=lambda error: type(error).__name__)
def test_what_was_answered_has_nothing_to_do_with_being_offline(error):
    assert diagnose(error, Surroundings(online=False)) == diagnose(error)


@pytest.mark.parametrize(
    "error",
    [
        errors.TokenRejectedError(SENTENCE, status=401),
        errors.LocalNetworkError(SENTENCE),
        errors.UpstreamUnavailableError(SENTENCE),
        errors.UpstreamTimeoutError(SENTENCE),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_wrong_clock_explains_sign_ins_and_connections_that_fail(error):
    for skew in (121.0, -121.0, 1e9):
        diagnosis = diagnose(error, Surroundings(clock_skew_s=skew, online=True))
        assert diagnosis.verdict is Verdict.CLOCK_SKEW
        assert describe_skew(skew) in diagnosis.sentence
    for skew in (0.0, 120.0, -120.0, None):
        assert diagnose(error, Surroundings(clock_skew_s=skew)) == diagnose(error)


@pytest.mark.parametrize(
    "error",
    [
        errors.IncompleteReplyError(SENTENCE),
        errors.UpstreamUnavailableError(SENTENCE, status=500),
        errors.ChallengedError(SENTENCE, status=403),
        errors.RateLimitedError(SENTENCE, status=429),
        errors.AccountBlockedError(SENTENCE, status=403),
        errors.VaultLockedError(SENTENCE),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_wrong_clock_explains_nothing_else(error):
    assert diagnose(error, Surroundings(clock_skew_s=1e6)) == diagnose(error)


ALONE = Surroundings(account_failures=ALONE_AFTER, others_succeed=True)


@pytest.mark.parametrize(
    "error",
    [
        errors.UpstreamUnavailableError(SENTENCE, status=500),
        errors.UpstreamTimeoutError(SENTENCE),
        errors.IncompleteReplyError(SENTENCE),
        errors.ForbiddenError(SENTENCE, status=403),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_account_that_fails_alone_is_named_as_the_cause(error):
    diagnosis = diagnose(error, ALONE)
    assert diagnosis.verdict is diagnose(error).verdict
    assert "serves other accounts, but this one failed 3 times" in diagnosis.sentence
    assert SENTENCE in diagnosis.sentence
    assert "Sign in at grok.com" in diagnosis.action
    for fewer in (
        Surroundings(ALONE_AFTER - 1, True),
        Surroundings(ALONE_AFTER, None),
        Surroundings(0, True),
    ):
        assert diagnose(error, fewer) == diagnose(error)


@pytest.mark.parametrize("kind", [errors.ChallengedError, errors.AntiBotError])
def test_no_account_is_blamed_for_a_page_of_cloudflare(kind):
    error = kind(SENTENCE, status=403)
    assert diagnose(error, Surroundings(50, True)) == diagnose(error)
    assert "this one failed" not in diagnose(error).sentence


def test_a_failure_of_all_accounts_is_not_this_accounts():
    error = errors.UpstreamUnavailableError(SENTENCE, status=503)
    assert "same for all accounts" in diagnose(error, Surroundings(9, False)).action


def test_a_used_quota_is_no_matter_while_others_answer():
    error = errors.RateLimitedError(SENTENCE, status=429)
    assert "Nothing needs to be done" in diagnose(error, Surroundings(others_succeed=True)).action
    assert "Wait" in diagnose(error, Surroundings(others_succeed=False)).action


@pytest.mark.parametrize(
    ("skew", "words"),
    [
        (0.0, "0 seconds slow"),
        (1.0, "1 second fast"),
        (119.0, "119 seconds fast"),
        (-121.0, "2 minutes slow"),
        (7100.0, "118 minutes fast"),
        (7200.0, "2 hours fast"),
        (-172_800.0, "2 days slow"),
        (315_576_000.0, "10 years fast"),
    ],
)
def test_a_wrong_clock_is_told_in_the_largest_fitting_unit(skew, words):
    assert describe_skew(skew) == words


def test_every_verdict_is_explained_to_its_reader():
    guide = Path(__file__).parents[2] / "docs" / "TROUBLESHOOTING.md"
    headings = [line[4:] for line in guide.read_text().splitlines() if line.startswith("### ")]
    assert headings == [verdict.value for verdict in Verdict]
