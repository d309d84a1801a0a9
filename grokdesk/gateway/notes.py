"""A line in the log about what a client asked for and nobody did."""

import logging
from collections.abc import Collection

import msgspec

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.decode import JsonDecoder

_log = logging.getLogger(__name__)

_KEYS = JsonDecoder(dict[str, msgspec.Raw])


def note_ignored(raw: bytes, ignored: Collection[str], request_id: str) -> None:
    """Tell which of the names in `ignored` the body has, never a name that we do not know.

    Costs nothing unless somebody looks at DEBUG lines.
    """
    if not _log.isEnabledFor(logging.DEBUG):
        return
    try:
        names = sorted(_KEYS.decode(raw).keys() & ignored)
    except InvalidRequestError:
        return
    if names:
        _log.debug("%s: ignored %s", request_id, ", ".join(names))
