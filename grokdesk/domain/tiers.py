"""What is known of the tiers: the quotas they come with, and what gives a tier away."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from grokdesk.domain.account import Tier
from grokdesk.domain.quota import Mode, QuotaWindow


@dataclass(frozen=True, slots=True)
class TierTable:
    """Facts that grok.com changes now and then; they come from quota.toml."""

    assumed: Mapping[Tier, tuple[QuotaWindow, ...]] = field(default_factory=dict)
    by_total: Mapping[tuple[Mode, int], Tier] = field(default_factory=dict)
    """Tiers by the calls that a window has in all."""
    by_mode: Mapping[Mode, Tier] = field(default_factory=dict)
    """Tiers by a mode that no other tier has, whatever its total."""

    def windows(self, tier: Tier) -> tuple[QuotaWindow, ...]:
        """What an account of the tier is taken to have until it was measured."""
        return self.assumed.get(tier, ())

    def infer(self, windows: Iterable[QuotaWindow]) -> Tier | None:
        """The tier by the totals of all modes; the lower one where they disagree."""
        signs = (self._tier_of(window) for window in windows)
        return min((tier for tier in signs if tier is not None), default=None)

    def _tier_of(self, window: QuotaWindow) -> Tier | None:
        if not window.total_known:
            return None
        found = self.by_total.get((window.mode, window.total))
        return self.by_mode.get(window.mode) if found is None else found
