"""What the command line decides about a start."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from grokdesk.kernel.paths import Paths


@dataclass(frozen=True, slots=True)
class CoreOptions:
    """None leaves a value to the settings."""

    paths: Paths
    profile: str | None = None
    host: str | None = None
    port: int | None = None
    demo: bool = False
    storage_only: bool = False
    """For a command while nothing runs: what it saves must last, whatever the demo setting is."""
    allow_key_file: bool = False
    """Without an OS keyring a master key may be kept in a private file (servers)."""
    set_log_level: Callable[[str], None] = lambda _level: None
    survive_taken_port: bool = False
    """Go on without a gateway, for a window that offers another port."""
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def overrides(self) -> dict[str, object]:
        demo = "never" if self.storage_only else "always" if self.demo else None
        given = {
            "gateway.host": self.host,
            "gateway.port": self.port,
            "gateway.demo": demo,
        }
        return {key: value for key, value in given.items() if value is not None}
