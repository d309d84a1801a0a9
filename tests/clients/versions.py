"""Which version of a client is installed."""

import json
from importlib import metadata

from tests.clients import places


def version_of(client: str) -> str:
    """`client` is a name on npm or PyPI, with "(Python)" where both have it; "?" if not there."""
    client, _, for_python = client.partition(" (")
    package = places.NODE_MODULES / client / "package.json"
    if package.exists() and not for_python:
        return json.loads(package.read_text(encoding="utf-8"))["version"]
    found = metadata.distributions(name=client, path=places.site_packages())
    return next((each.version for each in found), "?")
