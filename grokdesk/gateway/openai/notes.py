"""A line in the log about what a client asked for and nobody did."""

import logging

import msgspec

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.decode import JsonDecoder

_log = logging.getLogger(__name__)

IGNORED = frozenset(
    {
        "audio",
        "best_of",
        "extra_body",
        "frequency_penalty",
        "logit_bias",
        "metadata",
        "min_p",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_retention",
        "repetition_penalty",
        "safety_identifier",
        "search_parameters",
        "seed",
        "service_tier",
        "store",
        "top_k",
        "user",
        "verbosity",
        "web_search_options",
    }
)
"""Known parameters that Grok has nothing for and that change nothing a client relies on."""

_KEYS = JsonDecoder(dict[str, msgspec.Raw])


def note_ignored(raw: bytes, request_id: str) -> None:
    """Costs nothing unless somebody looks at DEBUG lines. Unknown names are never repeated."""
    if not _log.isEnabledFor(logging.DEBUG):
        return
    try:
        names = sorted(IGNORED & _KEYS.decode(raw).keys())
    except InvalidRequestError:
        return
    if names:
        _log.debug("%s: ignored %s", request_id, ", ".join(names))
