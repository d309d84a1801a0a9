"""Which version of a client is installed."""

import json
from importlib import metadata

from tests.clients import places


def version_of(client: str) -> str:
    """`client` is a name on PyPI or on npm; "?" when it is not there."""
    package = places.NODE_MODULES / client / "package.json"
    if package.exists():
        return json.loads(package.read_text(encoding="utf-8"))["version"]
    found = metadata.distributions(name=client, path=places.site_packages())
    return next((each.version for each in found), "?")
