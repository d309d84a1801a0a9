"""Settings from the environment: `gateway.port` is GROKDESK_GATEWAY_PORT."""

from collections.abc import Mapping

from grokdesk.settings.declaration import Value
from grokdesk.settings.model import DECLARATIONS


def variable_of(key: str) -> str:
    return f"GROKDESK_{key.replace('.', '_').upper()}"


def read_environment(environ: Mapping[str, str]) -> dict[str, Value]:
    """By key. An empty variable counts as not set; SettingsError names one with a bad value."""
    found: dict[str, Value] = {}
    for key, declaration in DECLARATIONS.items():
        variable = variable_of(key)
        if text := environ.get(variable, ""):
            found[key] = declaration.parse(text, called=variable)
    return found
