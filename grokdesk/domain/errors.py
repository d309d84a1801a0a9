"""The whole error tree, ordered by who must act.

GrokdeskError                       str() is always safe to show to a person
|- RequestError                     the caller must change the request or the key
|  |- InvalidRequestError(param)
|  |- UnauthorizedError
|  |  `- KeyEndedError
|  |- UnknownModelError
|  |- ModelNotAllowedError
|  `- UnknownResponseError
|- KeyLimitError(retry_after)       the caller waits: its API key's own limit
|- AnswerFormatError                Grok did not keep to the requested format
|- GatewayPausedError               the user resumes the gateway
|- NoAccountError(retry_at)         wait, or the user adds accounts
|  `- AccountsBlockedError            the user adds accounts: grok.com blocked all there are
|- CircuitOpenError(retry_at)       wait: grok.com has not answered for a while
|- VaultLockedError                 the user unlocks the keyring
|- SettingsError(key)               the user corrects a value
|- ConflictError                    something else holds the port or the profile
`- UpstreamError                    grok.com
   |- TokenRejectedError              expire the account        (retry elsewhere)
   |- AccountBlockedError             disable the account       (retry elsewhere)
   |- RateLimitedError                window to zero            (retry elsewhere)
   |- ChallengedError                 new session, same account (retry once)
   |- AntiBotError                    new session, same account (retry once)
   |- ForbiddenError                  cooldown after repeats    (retry elsewhere)
   |- ContentRefusedError             the caller                (never retried)
   |- RequestTooLargeError            the caller                (never retried)
   |- UpstreamUnavailableError        back off                  (retry)
   |  |- UpstreamTimeoutError         back off                  (retry)
   |  `- IncompleteReplyError         back off                  (retry)
   |- SocketUnknownError              use the other transport   (retry there)
   |- LocalNetworkError               our side: DNS, proxy, cable; never punishes an account
   `- ProtocolChangedError(excerpt)   us: never retried, reported

The class carries the decision: nobody parses messages, and HTTP status codes exist only in
`gateway.errors`. Whatever is not in this tree is a bug and gets a traceback.
"""

from typing import ClassVar


class GrokdeskError(Exception):
    """Base of everything we raise on purpose; the message is one sentence for a person."""


class RequestError(GrokdeskError):
    """The caller must change something."""


class InvalidRequestError(RequestError):
    """A part of the request is wrong; `param` names it in the caller's own words."""

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.param = param
        self.code = code


class UnauthorizedError(RequestError):
    """No API key, or one that does not open this gateway."""


class KeyEndedError(UnauthorizedError):
    """An API key that is known, but was switched off, revoked, or has expired."""


class UnknownModelError(RequestError):
    """The catalog has no such model; `suggestion` is the nearest name, if any is near.

    `stands_for`: the unknown model that an alias maps the name to. `advice` is a sentence.
    """

    def __init__(
        self,
        model: str,
        suggestion: str | None = None,
        *,
        stands_for: str = "",
        advice: str = "",
    ) -> None:
        shown = model if len(model) <= 128 else f"{model[:127]}…"
        if not shown.isprintable():
            shown = "".join(mark if mark.isprintable() else "?" for mark in shown)
        said = f" stands for '{stands_for}', which" if stands_for else ""
        hint = f" Did you mean '{suggestion}'?" if suggestion else ""
        hint += f" {advice}" if advice else ""
        super().__init__(f"The model '{shown}'{said} does not exist.{hint}")
        self.model = model
        self.suggestion = suggestion


class ModelNotAllowedError(RequestError):
    """The API key may not use this model."""


class UnknownResponseError(RequestError):
    """Nothing is kept under this id for this API key."""

    def __init__(self, id: str) -> None:
        super().__init__(f"There is no response '{id[:80]}', or it is kept no longer.")


class KeyLimitError(GrokdeskError):
    """The API key's own limit is reached; it is free again in `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class AnswerFormatError(GrokdeskError):
    """The answer is not in the requested format, although it was asked for twice."""


class GatewayPausedError(GrokdeskError):
    """The user paused the gateway."""


class NoAccountError(GrokdeskError):
    """No account can serve the call now.

    `retry_at` (Unix time) is the earliest moment at which one is expected to be able to;
    None when waiting does not help (no account at all, or none of the needed tier).
    `busy`: one of them could, were it not for the calls that it runs already.
    """

    def __init__(self, message: str, *, retry_at: float | None = None, busy: bool = False) -> None:
        super().__init__(message)
        self.retry_at = retry_at
        self.busy = busy


class AccountsBlockedError(NoAccountError):
    """grok.com blocked each account that the user has switched on."""


class CircuitOpenError(GrokdeskError):
    """grok.com failed so often that it is left alone until `retry_at` (Unix time)."""

    def __init__(self, message: str, *, retry_at: float | None = None) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class VaultLockedError(GrokdeskError):
    """The tokens cannot be read until the user unlocks the keyring."""


class SettingsError(GrokdeskError):
    """A setting has a value that cannot be used; `key` is `section.name`."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class ConflictError(GrokdeskError):
    """Something else holds what we need (a port, the profile)."""


class UpstreamError(GrokdeskError):
    """grok.com did not serve the call.

    `status` and `excerpt` are evidence, already redacted; `retry_after` is in seconds, when
    upstream said so. `may_retry` is False when upstream said that another try is no use.
    """

    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        excerpt: str = "",
        retry_after: float | None = None,
        may_retry: bool = True,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.excerpt = excerpt
        self.retry_after = retry_after
        self.may_retry = may_retry


class TokenRejectedError(UpstreamError):
    """The session token is dead: signed out, revoked or expired."""

    retryable = True


class AccountBlockedError(UpstreamError):
    """grok.com blocked the account."""

    retryable = True


class RateLimitedError(UpstreamError):
    """The quota of this mode is used up."""

    retryable = True


class ChallengedError(UpstreamError):
    """Cloudflare wants a browser check; says nothing about the account."""

    retryable = True


class AntiBotError(UpstreamError):
    """The site's rules refused the request; says nothing about the account."""

    retryable = True


class ForbiddenError(UpstreamError):
    """A 403 without a reason that we know."""

    retryable = True


class ContentRefusedError(UpstreamError):
    """grok.com declined the content of the request."""


class RequestTooLargeError(UpstreamError):
    """The request is longer than grok.com takes."""


class UpstreamUnavailableError(UpstreamError):
    """grok.com is down, overloaded or cut the connection."""

    retryable = True


class UpstreamTimeoutError(UpstreamUnavailableError):
    """grok.com said nothing within the limit."""


class IncompleteReplyError(UpstreamUnavailableError):
    """The reply ended before it was complete, or was empty."""


class SocketUnknownError(UpstreamError):
    """The chat socket does not exist at this upstream."""

    retryable = True


class LocalNetworkError(UpstreamError):
    """Our side could not reach grok.com: DNS, proxy, cable."""


class ProtocolChangedError(UpstreamError):
    """grok.com answered in a form that we do not understand."""
