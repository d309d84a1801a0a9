"""The models that clients may name, and what upstream calls them."""

import difflib
import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from grokdesk.domain.account import Tier
from grokdesk.domain.errors import UnknownModelError
from grokdesk.domain.model_names import LONGEST_NAME, normal_name
from grokdesk.domain.quota import Mode

# Clients have more words for effort than anybody has efforts.
_EFFORTS = {"none": "low", "minimal": "low", "xhigh": "high", "max": "high"}


class ModelKind(enum.StrEnum):
    CHAT = "chat"
    IMAGE = "image"
    EDIT = "edit"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One public model. `created` is Unix time and never changes for an id."""

    id: str
    kind: ModelKind
    mode: Mode
    floor: Tier
    display_name: str
    created: int
    context_window: int
    max_output_tokens: int
    reasoning: bool = False
    aliases: tuple[str, ...] = ()
    efforts: Mapping[str, Mode] = field(default_factory=lambda: MappingProxyType({}))
    """Modes that serve it instead when a client asks for low, medium or high effort."""

    def at_effort(self, effort: str | None) -> "ModelSpec":
        """The same model in the mode for a client's `reasoning_effort`."""
        mode = self.efforts.get(_EFFORTS.get(effort, effort)) if effort else None
        return self if mode is None else replace(self, mode=mode)


@dataclass(frozen=True, slots=True)
class ModelCatalog:
    """Names are case-insensitive; an alias resolves to its model."""

    models: tuple[ModelSpec, ...]
    _index: dict[str, ModelSpec] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", _index_of(self.models))

    def find(self, name: str) -> ModelSpec | None:
        """Cheap also for names that nobody has."""
        found = self._index.get(name)
        if found is None and len(name) <= LONGEST_NAME:
            found = self._index.get(normal_name(name))
        return found

    def resolve(self, name: str) -> ModelSpec:
        """Raise UnknownModelError; there is never a silent replacement."""
        found = self.find(name)
        if found is None:
            raise UnknownModelError(name, self._nearest(name))
        return found

    def of_kind(self, kind: ModelKind) -> tuple[ModelSpec, ...]:
        return tuple(model for model in self.models if model.kind is kind)

    def _nearest(self, name: str) -> str | None:
        near = difflib.get_close_matches(normal_name(name[:100]), self._index, n=1, cutoff=0.6)
        return self._index[near[0]].id if near else None


def _index_of(models: Iterable[ModelSpec]) -> dict[str, ModelSpec]:
    index: dict[str, ModelSpec] = {}
    for model in models:
        for name in (model.id, *model.aliases):
            if index.setdefault(name.lower(), model) is not model:
                raise ValueError(f"the model name '{name}' is used twice")
    return index
