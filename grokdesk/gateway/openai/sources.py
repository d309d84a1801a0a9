"""What an answer rests on: pages cited, with their places in the text, and pages read."""

from typing import Any

from grokdesk.domain.chat import Citation, SearchSource


class Sources:
    """Places are counted in code points of the text that the client gets."""

    __slots__ = ("annotations", "cited", "read")

    def __init__(self) -> None:
        self.cited: dict[str, None] = {}
        self.read: dict[str, str] = {}
        self.annotations: list[dict[str, Any]] = []

    def cite(self, citation: Citation, end: int) -> None:
        """Its marker ends at `end`; a citation without one in the text has no place there."""
        self.cited[citation.url] = None
        start = end - len(citation.marker)
        if start >= 0:
            page = {
                "url": citation.url,
                "title": citation.title or citation.url,
                "start_index": start,
                "end_index": end,
            }
            self.annotations.append({"type": "url_citation", "url_citation": page})

    def found(self, source: SearchSource) -> None:
        self.read.setdefault(source.url, source.title)

    def of_message(self) -> dict[str, Any]:
        """Fields of a message; none where there are no sources."""
        fields: dict[str, Any] = {}
        if self.annotations:
            fields["annotations"] = self.annotations
        if self.read:
            fields["search_sources"] = [
                {"url": url, "title": title} for url, title in self.read.items()
            ]
        return fields
