"""Cards: side data that inline markup refers to by id."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grokdesk.upstream.web.wire.lenient import first_text, object_of, parse_json, text_of
from grokdesk.upstream.web.wire.weblinks import linked_image

CITATION = "render_inline_citation"
SEARCHED_IMAGE = "render_searched_image"


@dataclass(frozen=True, slots=True)
class Card:
    """`drawing` is the state of a picture that is being made; empty for other cards."""

    id: str
    kind: str
    url: str = ""
    image: Mapping[str, Any] = field(default_factory=dict)
    drawing: Mapping[str, Any] = field(default_factory=dict)

    def searched_image(self) -> str:
        """Markdown of a picture found on the web; empty without an address."""
        picture = first_text(self.image, "thumbnail", "original")
        return linked_image(
            picture, text_of(self.image.get("title")), text_of(self.image.get("link"))
        )


def card_of(json_data: object) -> Card:
    """`json_data` is JSON text or the object itself: upstream sends both."""
    value = object_of(parse_json(json_data) if isinstance(json_data, str) else json_data)
    return Card(
        id=text_of(value.get("id")),
        kind=text_of(value.get("type")),
        url=text_of(value.get("url")),
        image=object_of(value.get("image")),
        drawing=object_of(value.get("image_chunk") or value.get("imageChunk")),
    )
