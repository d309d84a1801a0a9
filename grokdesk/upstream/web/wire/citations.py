"""Sources and citations of one reply: numbered by address, in order of first citation."""

from collections.abc import Iterator, Mapping
from typing import Any

from grokdesk.domain.chat import Citation, SearchSource
from grokdesk.upstream.web.wire.lenient import first_text, list_of, object_of, text_of
from grokdesk.upstream.web.wire.weblinks import web_link

TRACKED = 1000
"""Sources and citations that are kept per reply."""

_POST_TITLE = 100


class Citations:
    """Knows the titles of what was read and the numbers of what was cited."""

    def __init__(self) -> None:
        self._titles: dict[str, str] = {}
        self._numbers: dict[str, int] = {}

    def read(self, url: str, title: str) -> SearchSource | None:
        """None when the source is known already or is no web address."""
        link = web_link(url)
        if not link or link in self._titles or len(self._titles) >= TRACKED:
            return None
        self._titles[link] = title
        return SearchSource(link, title)

    def cite(self, url: str) -> Citation | None:
        link = web_link(url)
        if not link or (link not in self._numbers and len(self._numbers) >= TRACKED):
            return None
        number = self._numbers.setdefault(link, len(self._numbers) + 1)
        return Citation(number, link, self._titles.get(link, ""))


def web_pages(value: object) -> Iterator[tuple[str, str]]:
    """Address and title of each page; `value` is a list or an object with `results`."""
    for page in _entries(value):
        yield text_of(page.get("url")), text_of(page.get("title"))


def posts(value: object) -> Iterator[tuple[str, str]]:
    """Address and title of each post on X. The socket spells the fields in snake case."""
    for post in _entries(value):
        user = first_text(post, "username", "userhandle")
        number = first_text(post, "postId", "post_id")
        if user and number:
            text = " ".join(text_of(post.get("text")).split())[:_POST_TITLE]
            yield f"https://x.com/{user}/status/{number}", text or f"@{user}"


def _entries(value: object) -> Iterator[Mapping[str, Any]]:
    listed = value.get("results") if isinstance(value, dict) else value
    return (object_of(entry) for entry in list_of(listed))
