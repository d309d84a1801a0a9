"""Which of the places that may set a value wins: command line, environment, file, default."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from grokdesk.settings.declaration import Value
from grokdesk.settings.environment import variable_of
from grokdesk.settings.model import DECLARATIONS, Settings


class Source(enum.StrEnum):
    FLAG = "command line"
    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Layers:
    """Accepted values by key."""

    flags: Mapping[str, Value] = field(default_factory=dict)
    environment: Mapping[str, Value] = field(default_factory=dict)
    file: Mapping[str, Value] = field(default_factory=dict)

    def with_file(self, values: Mapping[str, Value]) -> "Layers":
        return replace(self, file=values)

    def settings(self) -> Settings:
        return Settings().with_values({**self.file, **self.environment, **self.flags})

    def explain(self, key: str) -> tuple[Value, Source]:
        """The winning value of a declared setting and where it comes from."""
        for source, values in (
            (Source.FLAG, self.flags),
            (Source.ENVIRONMENT, self.environment),
            (Source.FILE, self.file),
        ):
            if key in values:
                return values[key], source
        return DECLARATIONS[key].default, Source.DEFAULT

    def pinned_by(self, key: str) -> str:
        """What keeps the file from having a say, in words; empty: nothing does."""
        _, source = self.explain(key)
        if source is Source.FLAG:
            return "the command line"
        return variable_of(key) if source is Source.ENVIRONMENT else ""
