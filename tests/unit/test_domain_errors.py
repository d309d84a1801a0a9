import inspect

import pytest

from grokdesk.domain import errors
from grokdesk.domain.errors import GrokdeskError, UpstreamError

TREE = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, GrokdeskError)
]
RETRYABLE = {
    errors.TokenRejectedError,
    errors.AccountBlockedError,
    errors.RateLimitedError,
    errors.ChallengedError,
    errors.AntiBotError,
    errors.ForbiddenError,
    errors.UpstreamUnavailableError,
    errors.UpstreamTimeoutError,
    errors.IncompleteReplyError,
    errors.SocketUnknownError,
}


@pytest.mark.parametrize("kind", [kind for kind in TREE if issubclass(kind, UpstreamError)])
def test_each_upstream_error_says_by_its_class_whether_to_try_again(kind):
    assert kind.retryable is (kind in RETRYABLE)


@pytest.mark.parametrize("kind", TREE)
def test_the_drawing_at_the_top_names_every_error(kind):
    assert kind.__name__ in errors.__doc__


@pytest.mark.parametrize("kind", TREE)
def test_the_drawing_shows_each_error_under_its_parent(kind):
    lines = errors.__doc__.splitlines()
    depth, at = _place(lines, kind)
    if kind is GrokdeskError:
        assert depth == 0
        return
    parents = [line for line in lines[:at] if _depth(line) == depth - 1]
    assert kind.__bases__[0].__name__ in parents[-1]


def _place(lines, kind):
    for at, line in enumerate(lines):
        name = line.lstrip("|`- ").split("(")[0].split(" ")[0]
        if name == kind.__name__:
            return _depth(line), at
    raise AssertionError(kind)


def _depth(line):
    return (len(line) - len(line.lstrip("|`- "))) // 3


@pytest.mark.parametrize("kind", TREE)
def test_every_error_shows_the_sentence_it_was_given(kind):
    arguments = {
        errors.UnknownModelError: ("gpt-5",),
        errors.SettingsError: ("gateway.port", "A sentence."),
    }.get(kind, ("A sentence.",))
    options = {"retry_after": 7.0} if kind is errors.KeyLimitError else {}
    shown = str(kind(*arguments, **options))
    assert "A sentence." in shown or shown == "The model 'gpt-5' does not exist."


def test_an_invalid_request_names_the_parameter_in_the_callers_words():
    error = errors.InvalidRequestError("Too hot.", param="temperature", code="too_hot")
    assert (error.param, error.code) == ("temperature", "too_hot")


def test_an_unknown_model_suggests_the_nearest_one():
    error = errors.UnknownModelError("grok-5", "grok-4")
    assert str(error) == "The model 'grok-5' does not exist. Did you mean 'grok-4'?"


def test_missing_accounts_say_when_waiting_helps():
    assert errors.NoAccountError("All are resting.", retry_at=12.5).retry_at == 12.5
    assert errors.NoAccountError("There is none.").retry_at is None


def test_a_settings_error_names_its_key():
    assert errors.SettingsError("gateway.port", "Taken.").key == "gateway.port"


def test_an_upstream_error_carries_its_evidence():
    error = errors.RateLimitedError("Used up.", status=429, excerpt="{}", retry_after=3.0)
    assert (error.status, error.excerpt, error.retry_after) == (429, "{}", 3.0)
    assert errors.ForbiddenError("No.").status is None
