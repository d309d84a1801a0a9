"""Whether a request may run: the gateway's state, its API key, and the model that it names."""

from grokdesk.domain.apikey import ApiKey
from grokdesk.domain.catalog import ModelCatalog, ModelSpec
from grokdesk.services.gateway import GatewayService


class AdmissionService:
    """The one policy for every dialect, route and way to send a key."""

    def __init__(self, catalog: ModelCatalog, gateway: GatewayService) -> None:
        self._catalog = catalog
        self._gateway = gateway

    def model(self, _key: ApiKey | None, name: str) -> ModelSpec:
        """What `name` means with this key. Raise UnknownModelError, ModelNotAllowedError."""
        return self._catalog.resolve(name)

    def admit(self, key: ApiKey | None, name: str) -> "Admission":
        """Count one request against the limits of its key; running from `with` to its end.

        Raise UnknownModelError, ModelNotAllowedError, KeyLimitError, GatewayPausedError.
        """
        self._gateway.check()
        return Admission(self._gateway, self.model(key, name))


class Admission:
    """One request that may run."""

    __slots__ = ("_gateway", "model")

    def __init__(self, gateway: GatewayService, model: ModelSpec) -> None:
        self.model = model
        self._gateway = gateway

    def __enter__(self) -> "Admission":
        self._gateway.count(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._gateway.count(-1)
