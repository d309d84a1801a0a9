"""Pictures that the chat draws: progress, moderation, and each finished one exactly once."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from grokdesk.domain.chat import Image, ImageProgress
from grokdesk.upstream.web.wire.lenient import first_text, whole_of

_ID_IN_PATH = re.compile(r"/generated/([\w-]+?)(?:-part-\d+)?/|/images/([\w-]+)\.\w+$")


class Pictures:
    """`asset_url` makes an address absolute, or None of one that is not to be fetched."""

    def __init__(self, asset_url: Callable[[str], str | None]) -> None:
        self._asset_url = asset_url
        self._settled: set[str] = set()
        self.withheld = False
        """A picture was finished but withheld by moderation."""
        self.foreign = ""
        """An address of a finished picture at a host that we do not know."""

    def observe(self, state: Mapping[str, Any]) -> ImageProgress | Image | None:
        """Take a frame of a card or of the older stream of progress."""
        url = first_text(state, "imageUrl", "image_url", "url")
        image_id = first_text(state, "imageUuid", "imageId", "assetId") or _id_of(url)
        if not image_id or image_id in self._settled:
            return None
        percent = min(100, max(0, whole_of(state.get("progress")) or 0))
        is_final = percent == 100 or state.get("isFinal") is True
        if state.get("moderated") is True:
            self.withheld = self.withheld or is_final
            self._settled |= {image_id, url} if is_final else {url}
            return None
        if is_final and url:
            return self._deliver(image_id, url)
        return ImageProgress(image_id, min(percent, 99))

    def listed(self, url: str) -> Image | None:
        """Take an address of the final list; None when that picture is settled."""
        image_id = _id_of(url) or url
        if not url or url in self._settled or image_id in self._settled:
            return None
        return self._deliver(image_id, url)

    def _deliver(self, image_id: str, url: str) -> Image | None:
        if url in self._settled:
            return None
        self._settled |= {image_id, url}
        address = self._asset_url(url)
        if address is None:
            self.foreign = url
            return None
        return Image(image_id, address)


def _id_of(url: str) -> str:
    found = _ID_IN_PATH.search(url)
    return (found[1] or found[2]) if found else ""
