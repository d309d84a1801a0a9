"""Settings of the program itself: figures, windows, logs."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from grokdesk.settings.declaration import Setting

Theme: TypeAlias = Literal["system", "light", "dark"]
LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """Figures for monitoring."""

    enabled: Annotated[
        bool,
        Setting("Give figures in Prometheus' format at /metrics; they need an API key, too."),
    ] = False


@dataclass(frozen=True, slots=True)
class UiSettings:
    """The window."""

    theme: Annotated[Theme, Setting("Colours of the window.")] = "system"
    start_minimized: Annotated[bool, Setting("Start in the tray without a window.")] = False
    close_to_tray: Annotated[
        bool, Setting("Closing the window leaves the gateway running in the tray.")
    ] = True


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is written down."""

    level: Annotated[LogLevel, Setting("The least important kind of line to keep.")] = "info"
