"""Token counts by estimate: upstream reports none (protocol 4.11, Aug 2026)."""

_NARROW_PER_TOKEN = 4.0
_WIDE_PER_TOKEN = 1.4
_WIDE_FROM = "\u2e80"
"""CJK and everything above: about 1.4 characters to a token."""


def cost_of(text: str) -> float:
    """Tokens, not rounded."""
    if text.isascii():
        return len(text) / _NARROW_PER_TOKEN
    wide = sum(1 for character in text if character >= _WIDE_FROM)
    return (len(text) - wide) / _NARROW_PER_TOKEN + wide / _WIDE_PER_TOKEN


class TokenEstimator:
    """Counts characters as pieces arrive, so that rounding happens once."""

    __slots__ = ("_narrow", "_wide")

    def __init__(self) -> None:
        self._narrow = 0
        self._wide = 0

    def add(self, text: str) -> None:
        if text.isascii():
            self._narrow += len(text)
        else:
            wide = sum(1 for character in text if character >= _WIDE_FROM)
            self._wide += wide
            self._narrow += len(text) - wide

    @property
    def tokens(self) -> int:
        """At least 1 for any text at all."""
        estimate = self._narrow / _NARROW_PER_TOKEN + self._wide / _WIDE_PER_TOKEN
        return max(1, round(estimate)) if estimate else 0


def estimate_tokens(*texts: str) -> int:
    estimator = TokenEstimator()
    for text in texts:
        estimator.add(text)
    return estimator.tokens
