"""What the simulator should do: a plain script that may be edited while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_type_hints

import msgspec

from grokdesk.simulator.meaning import Meaning
from grokdesk.simulator.scenario import scenario_of_outcome

Framing = Literal["ndjson", "sse", "concatenated", "mixed"]
Tier = Literal["basic", "super", "heavy"]


@dataclass(frozen=True, slots=True)
class Quota:
    """One quota window as the account finds it; `remaining=None` means a full one."""

    total: int
    window_s: int = 7200
    remaining: int | None = None


@dataclass(slots=True)
class HttpOverride:
    """An answer that replaces whatever the path would have said."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    times: int | None = None
    """How often it is given; None: until it is removed."""


@dataclass(slots=True)
class AccountScript:
    """What one token does, instead of what its suffix says."""

    outcomes: list[str] = field(default_factory=list)
    """One per chat turn, for example `["cf", "ok"]`; consumed from the front."""
    afterwards: str | None = None
    """The outcome once `outcomes` is used up; None: what the suffix says."""
    elsewhere: list[str] = field(default_factory=list)
    """One per request that is not a chat turn: session, quota, uploads, assets."""
    tier: Tier | None = None
    quotas: dict[str, Quota | None] = field(default_factory=dict)
    retry_after_s: int | None = None
    answer: str | None = None
    """A fixed answer to every prompt."""

    def __post_init__(self) -> None:
        for outcome in (*self.outcomes, *self.elsewhere, self.afterwards or "ok"):
            scenario_of_outcome(outcome)


@dataclass(slots=True)
class Script:
    framing: Framing = "ndjson"
    split: Literal["none", "random"] | int = "none"
    """Where the REST body is cut into HTTP chunks: by frame, at random, or every n bytes."""
    seed: int = 0
    first_delay_s: float = 0.0
    chunk_delay_s: float = 0.0
    chunk_jitter_s: float = 0.0
    accounts: dict[str, AccountScript] = field(default_factory=dict)
    meanings: list[Meaning] = field(default_factory=list)
    """Of questions without keywords; the first that fits counts."""
    quotas: dict[str, Quota | None] = field(default_factory=dict)
    """Per mode, for every account; None: the mode is not offered."""
    enforce_quotas: bool = True
    weekly_used_percent: float = 20.0
    overrides: dict[str, HttpOverride] = field(default_factory=dict)
    """Per path without the query string."""
    raw_rest_bytes: list[bytes] = field(default_factory=list)
    """Recorded bodies; each answers one REST turn."""
    raw_mgw_frames: list[list[str]] = field(default_factory=list)
    """Recorded server frames; each list answers one socket."""
    rest_enabled: bool = True
    mgw_enabled: bool = True
    keep_prompts: bool = False
    retry_after_s: int | None = None
    clearances: dict[str, str] | None = None
    """The `cf_clearance` cookies that Cloudflare's check lets in, and the User-Agent of each; None:
    nothing is checked. An empty table makes whatever was obtained so far useless."""

    def of(self, token: str) -> AccountScript | None:
        return self.accounts.get(token)

    def take_override(self, path: str) -> HttpOverride | None:
        override = self.overrides.get(path)
        if override is None or override.times is None:
            return override
        override.times -= 1
        if override.times <= 0:
            del self.overrides[path]
        return override

    def patch(self, changes: Mapping[str, Any]) -> None:
        """Merges JSON values: tables entry by entry (null removes), the rest as a whole.

        Raises msgspec.ValidationError and then changes nothing. Bytes travel as base64.
        """
        hints = get_type_hints(Script)
        names = {f.name for f in fields(Script)}
        if unknown := changes.keys() - names:
            raise msgspec.ValidationError(f"Script has no field {min(unknown)!r}")
        converted = {name: _convert(hints[name], value) for name, value in changes.items()}
        for name, (value, removed) in converted.items():
            if name in _TABLES:
                table = getattr(self, name)
                table.update(value)
                for key in removed:
                    table.pop(key, None)
            else:
                setattr(self, name, value)


# A null in `quotas` is a value of its own: the mode is not offered.
_TABLES = frozenset({"accounts", "quotas", "overrides"})


def _convert(hint: Any, value: Any) -> tuple[Any, list[str]]:
    removed: list[str] = []
    if isinstance(value, dict) and hint != dict[str, Quota | None]:
        removed = [key for key, entry in value.items() if entry is None]
        value = {key: entry for key, entry in value.items() if entry is not None}
    return msgspec.convert(value, hint), removed
