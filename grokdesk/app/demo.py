"""Demo mode: the built-in simulator is the upstream, so that the endpoint answers at once."""

from grokdesk.domain.account import Account, Tier, Token
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow
from grokdesk.kernel.clock import Clock

_TOKEN = Token("grokdesk-demo-account-heavy")
"""Opens nothing: the simulator accepts any text and reads the tier from its end."""


def demo_account(clock: Clock) -> tuple[Account, Token, tuple[QuotaWindow, ...]]:
    """An account that exists in memory only."""
    account = Account(
        id="demo",
        label="Demo account (simulator)",
        fingerprint=_TOKEN.fingerprint,
        token_hint="demo",  # noqa: S106 - says that there is no token
        tier=Tier.HEAVY,
        tier_pinned=True,
        created_at=clock.now(),
        demo=True,
    )
    windows = tuple(
        QuotaWindow(mode, total, total, window_s=7200.0, provenance=Provenance.ESTIMATED)
        for mode, total in (
            (Mode.FAST, 400),
            (Mode.AUTO, 150),
            (Mode.EXPERT, 150),
            (Mode.HEAVY, 20),
        )
    )
    return account, _TOKEN, windows
