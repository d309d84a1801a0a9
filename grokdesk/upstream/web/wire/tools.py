"""Upstream's own tools: which one runs, and the argument worth showing."""

import re
from collections.abc import Mapping
from typing import Any

from grokdesk.domain.chat import ToolActivity
from grokdesk.upstream.web.wire.lenient import first_text, object_of, parse_json, text_of

_SHOWN = {
    "web_search": ("query", "q"),
    "x_search": ("query",),
    "x_keyword_search": ("query",),
    "x_semantic_search": ("query",),
    "browse_page": ("url",),
    "search_images": ("image_description", "imageDescription"),
    "image_search": ("image_description", "imageDescription"),
    "chatroom_send": ("message",),
}
_SHOWN_LENGTH = 500
_LOOKED_AT = 16_384  # characters of markup
_TRACKED = 1000
_CARD_IDS = ("toolUsageCardId", "tool_usage_card_id")

_XML_ID = re.compile(r"<xai:tool_usage_card_id>(.{1,200}?)</xai:tool_usage_card_id>", re.DOTALL)
_XML_NAME = re.compile(r"<xai:tool_name>\s*([\w-]{1,100})\s*</xai:tool_name>")
_XML_ARGS = re.compile(r"<xai:tool_args>(.*?)</xai:tool_args>", re.DOTALL)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Tools:
    """Announces each run once, whichever of its two forms comes first."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def from_card(self, card: object) -> ToolActivity | None:
        fields = object_of(card)
        for key, value in fields.items():
            if key not in _CARD_IDS and isinstance(value, dict):
                name = _CAMEL.sub("_", key).lower()
                return self._once(
                    first_text(fields, *_CARD_IDS), name, object_of(value.get("args"))
                )
        return None

    def from_markup(self, text: str) -> ToolActivity | None:
        patterns = (_XML_NAME, _XML_ARGS, _XML_ID)
        name, args, card_id = (each.search(text[:_LOOKED_AT]) for each in patterns)
        if not name:
            return None
        given = args[1].strip().removeprefix("<![CDATA[").removesuffix("]]>") if args else ""
        return self._once(card_id[1] if card_id else "", name[1], object_of(parse_json(given)))

    def _once(self, card_id: str, name: str, args: Mapping[str, Any]) -> ToolActivity | None:
        if card_id in self._seen or len(self._seen) >= _TRACKED:
            return None
        if card_id:
            self._seen.add(card_id)
        shown = first_text(args, *_SHOWN.get(name, ()))
        return ToolActivity(name, text_of(shown)[:_SHOWN_LENGTH])
