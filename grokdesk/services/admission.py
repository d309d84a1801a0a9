"""Whether a request may run: the gateway's state, its API key, and the model that it names."""

from collections.abc import Callable
from dataclasses import replace
from typing import Self

from grokdesk.domain.apikey import ApiKey
from grokdesk.domain.catalog import ModelCatalog, ModelKind, ModelSpec
from grokdesk.domain.errors import InvalidRequestError, ModelNotAllowedError, UnknownModelError
from grokdesk.domain.model_names import (
    LONGEST_NAME,
    Aliases,
    model_behind,
    normal_name,
    parse_aliases,
    text_of,
)
from grokdesk.services.apikeys import ApiKeyService
from grokdesk.services.gateway import GatewayService
from grokdesk.services.key_limits import Allowance, KeyLimits
from grokdesk.settings.serving import ModelsSettings

_FOREIGN = ("gpt-", "chatgpt", "claude", "anthropic", "o1", "o3", "o4", "gemini")
_PLACE = "under Settings > Models > aliases"


class AdmissionService:
    """The one policy for every dialect, route and way to send a key."""

    def __init__(
        self,
        catalog: ModelCatalog,
        gateway: GatewayService,
        keys: ApiKeyService,
        limits: KeyLimits,
        settings: Callable[[], ModelsSettings],
    ) -> None:
        self._catalog = catalog
        self._gateway = gateway
        self._keys = keys
        self._limits = limits
        self._settings = settings
        self._aliases: Aliases = ()
        self._aliases_text = ""

    def model(self, key: ApiKey | None, name: str, kind: ModelKind = ModelKind.CHAT) -> ModelSpec:
        """What `name` means with this key, to tell about it.

        Raise UnknownModelError, also for a model of another kind, or ModelNotAllowedError.
        """
        model = self._model(key, name)
        if model.kind is not kind:
            raise UnknownModelError(name)
        return model

    def models(self, key: ApiKey | None, kind: ModelKind) -> tuple[ModelSpec, ...]:
        """All that this key may use; at their end, if wanted, the names that stand for them."""
        models = {model.id: model for model in self._catalog.of_kind(kind)}
        if self._settings().list_aliases:
            models |= self._aliased(key, kind) | models
        return tuple(
            model if name == model.id else replace(model, id=name)
            for name, model in models.items()
            if key is None or key.allows(model)
        )

    def allowance(self, key: ApiKey) -> Allowance:
        """Of a key that `has_rate`."""
        return self._limits.allowance(key)

    def admit(self, key: ApiKey | None, name: str, kind: ModelKind = ModelKind.CHAT) -> "Admission":
        """Running from `with` to its end. Entering counts it against the limits of its key.

        Raise GatewayPausedError, KeyEndedError, UnknownModelError, ModelNotAllowedError, and
        InvalidRequestError for a model of another kind; entering raises KeyLimitError.
        """
        self._gateway.check()
        if key is not None:
            # It may have changed while the body of the request was on its way.
            key = self._keys.current(key)
        model = self._model(key, name)
        if model.kind is not kind:
            raise InvalidRequestError(f"'{model.id}' is not a {kind} model.", param="model")
        if key is not None and key.has_limits:
            return LimitedAdmission(self._gateway, model, self._limits, key)
        return Admission(self._gateway, model)

    def _model(self, key: ApiKey | None, name: str) -> ModelSpec:
        """Raise UnknownModelError, ModelNotAllowedError."""
        model = self._of_key(key, name) if key is not None and key.aliases else None
        model = model or self._catalog.find(name) or self._of_settings(name)
        if key is not None and key.models and not key.allows(model):
            raise ModelNotAllowedError(
                f"The API key '{key.name}' may not use the model '{model.id}', only: "
                f"{text_of(key.models)}."
            )
        return model

    def _of_key(self, key: ApiKey, name: str) -> ModelSpec | None:
        return self._behind(key.aliases, name, f"in the aliases of the API key '{key.name}'")

    def _of_settings(self, name: str) -> ModelSpec:
        model = self._behind(self._aliases_of_settings(), name, _PLACE)
        if model is not None:
            return model
        if normal_name(name[:LONGEST_NAME]).startswith(_FOREIGN):
            raise UnknownModelError(name, advice=f"To map it to a model of Grok, set it {_PLACE}.")
        return self._catalog.resolve(name)

    def _behind(self, aliases: Aliases, name: str, place: str) -> ModelSpec | None:
        if not aliases or len(name) > LONGEST_NAME:
            return None
        wanted = model_behind(aliases, normal_name(name))
        if wanted is None:
            return None
        model = self._catalog.find(wanted)
        if model is None:
            raise UnknownModelError(name, stands_for=wanted, advice=f"Correct it {place}.")
        return model

    def _aliased(self, key: ApiKey | None, kind: ModelKind) -> dict[str, ModelSpec]:
        """By the name that stands for it. Patterns with `*` are no names."""
        aliases = (*(key.aliases if key else ()), *self._aliases_of_settings())
        found: dict[str, ModelSpec] = {}
        for alias in aliases:
            name, model = alias.pattern.text, self._catalog.find(alias.model)
            if model is not None and model.kind is kind and "*" not in name:
                found.setdefault(name, model)
        return found

    def _aliases_of_settings(self) -> Aliases:
        text = self._settings().aliases
        if text != self._aliases_text:
            self._aliases, self._aliases_text = parse_aliases(text), text
        return self._aliases


class Admission:
    """One request that may run."""

    __slots__ = ("_gateway", "model")

    def __init__(self, gateway: GatewayService, model: ModelSpec) -> None:
        self.model = model
        self._gateway = gateway

    def __enter__(self) -> Self:
        self._gateway.count(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._gateway.count(-1)


class LimitedAdmission(Admission):
    """One that counts against the limits of its key."""

    __slots__ = ("_key", "_limits")

    def __init__(
        self, gateway: GatewayService, model: ModelSpec, limits: KeyLimits, key: ApiKey
    ) -> None:
        super().__init__(gateway, model)
        self._limits = limits
        self._key = key

    def __enter__(self) -> Self:
        self._limits.take(self._key)
        return super().__enter__()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._limits.give_back(self._key)
