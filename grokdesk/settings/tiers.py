"""quota.toml: what is known of the tiers as data, ours or the user's own."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grokdesk.domain.account import Tier
from grokdesk.domain.errors import SettingsError
from grokdesk.domain.quota import CHAT_MODES, LONGEST_WINDOW_S, MEDIA_MODES, Mode, QuotaWindow
from grokdesk.domain.tiers import TierTable
from grokdesk.settings.declaration import shown
from grokdesk.settings.user_file import load_own

_TIERS = {tier.label: tier for tier in Tier}
_MODES = {mode.value: mode for mode in (*CHAT_MODES, *MEDIA_MODES)}
_KEYS = ("calls", "window_s", "totals")
_MOST_CALLS = 1_000_000
_SHORTEST_WINDOW_S = 60


def parse_tiers(text: str) -> TierTable:
    """SettingsError names the table at fault, or the line of what is no TOML."""
    table = _Table()
    for tier_name, modes in _document(text).items():
        tier = _TIERS.get(tier_name)
        if tier is None or not isinstance(modes, dict):
            raise _error(f"{shown(tier_name)} must be a table and one of {', '.join(_TIERS)}")
        for mode_name, entry in modes.items():
            mode = _MODES.get(mode_name)
            if mode is None or not isinstance(entry, dict):
                raise _error(
                    f"{shown(f'{tier_name}.{mode_name}')} must be a table and its mode one of "
                    f"{', '.join(_MODES)}"
                )
            table.add(tier, mode, entry)
    if not table.assumed:
        raise _error("it assumes nothing for any tier")
    return TierTable(
        {tier: tuple(windows) for tier, windows in table.assumed.items()},
        table.by_total,
        table.by_mode,
    )


def load_tiers(bundled_text: str, user_file: Path | None) -> tuple[TierTable, tuple[str, ...]]:
    """The user's file if there is one and it is sound, else ours; with notices. Blocks: disk."""
    return load_own(parse_tiers, bundled_text, user_file, "The built-in quotas are assumed.")


class _Table:
    """A TierTable on its way."""

    def __init__(self) -> None:
        self.assumed: dict[Tier, list[QuotaWindow]] = {}
        self.by_total: dict[tuple[Mode, int], Tier] = {}
        self.by_mode: dict[Mode, Tier] = {}

    def add(self, tier: Tier, mode: Mode, entry: Mapping[str, Any]) -> None:
        where = f"[{tier.label}.{mode.value}]"
        if unknown := entry.keys() - set(_KEYS):
            raise _error(f"{where}: {shown(min(unknown))} is not one of {', '.join(_KEYS)}")
        if "calls" in entry or "window_s" in entry:
            calls = _whole(entry.get("calls"), 1, _MOST_CALLS, f"{where}: calls")
            window_s = _whole(
                entry.get("window_s"),
                _SHORTEST_WINDOW_S,
                int(LONGEST_WINDOW_S),
                f"{where}: window_s",
            )
            self.assumed.setdefault(tier, []).append(
                QuotaWindow(mode, calls, calls, float(window_s))
            )
        if "totals" in entry:
            self._add_signs(tier, mode, entry["totals"], where)

    def _add_signs(self, tier: Tier, mode: Mode, totals: object, where: str) -> None:
        if mode not in CHAT_MODES:
            raise _error(f"{where}: no totals are reported for media")
        if totals == "any":
            _claim(self.by_mode, mode, tier, f"{where}: the mode")
            return
        if not isinstance(totals, list):
            raise _error(f'{where}: totals must be a list of numbers or "any"')
        for total in totals:
            number = _whole(total, 1, _MOST_CALLS, f"{where}: each of totals")
            _claim(self.by_total, (mode, number), tier, f"{where}: the total {number}")


def _claim(signs: dict[Any, Tier], sign: object, tier: Tier, what: str) -> None:
    owner = signs.setdefault(sign, tier)
    if owner is not tier:
        raise _error(f"{what} is a sign of tier {owner.label} already")


def _whole(value: object, least: int, most: int, what: str) -> int:
    if type(value) is not int or not least <= value <= most:
        raise _error(f"{what} must be a whole number from {least} to {most}")
    return value


def _document(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _error(str(error)) from None
    except (ValueError, RecursionError):
        raise _error("a number or a list in it is beyond all measure") from None


def _error(problem: str) -> SettingsError:
    return SettingsError("quota", f"{problem}.")
