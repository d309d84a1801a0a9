"""Every setting, declared once: the file, the environment, the page and the manual follow."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from types import MappingProxyType

from grokdesk.domain.errors import SettingsError
from grokdesk.settings.declaration import Declaration, Value, declarations_of
from grokdesk.settings.reaching import (
    AccountsSettings,
    PoolSettings,
    QuotaSettings,
    UpstreamSettings,
)
from grokdesk.settings.running import LogSettings, MetricsSettings, UiSettings
from grokdesk.settings.serving import (
    AttachmentSettings,
    GatewaySettings,
    ModelsSettings,
    ResponsesSettings,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """All values in force at one moment."""

    gateway: GatewaySettings = field(default_factory=GatewaySettings)
    upstream: UpstreamSettings = field(default_factory=UpstreamSettings)
    pool: PoolSettings = field(default_factory=PoolSettings)
    accounts: AccountsSettings = field(default_factory=AccountsSettings)
    quota: QuotaSettings = field(default_factory=QuotaSettings)
    attachments: AttachmentSettings = field(default_factory=AttachmentSettings)
    models: ModelsSettings = field(default_factory=ModelsSettings)
    responses: ResponsesSettings = field(default_factory=ResponsesSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    ui: UiSettings = field(default_factory=UiSettings)
    logs: LogSettings = field(default_factory=LogSettings)

    def value(self, key: str) -> Value:
        """By `section.name` of a declared setting."""
        section, name = key.split(".")
        value: Value = getattr(getattr(self, section), name)
        return value

    def with_values(self, values: Mapping[str, Value]) -> "Settings":
        """The values are accepted ones: this does not check."""
        by_section: dict[str, dict[str, Value]] = {}
        for key, value in values.items():
            section, name = key.split(".")
            by_section.setdefault(section, {})[name] = value
        return replace(
            self,
            **{
                section: replace(getattr(self, section), **changes)
                for section, changes in by_section.items()
            },
        )

    def differences(self, other: "Settings") -> frozenset[str]:
        return frozenset(key for key in DECLARATIONS if self.value(key) != other.value(key))


DECLARATIONS: Mapping[str, Declaration] = MappingProxyType(
    {declaration.key: declaration for declaration in declarations_of(Settings)}
)
"""By key, in the order in which they are shown."""


def declaration_of(key: str) -> Declaration:
    """SettingsError for a key that is not a setting, with the nearest one that is."""
    found = DECLARATIONS.get(key)
    if found is None:
        near = get_close_matches(key[:100], DECLARATIONS, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise SettingsError(key, f"There is no setting {key[:100]!a}.{hint}")
    return found
