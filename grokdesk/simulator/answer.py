"""An answer before it is put into frames: its steps, its pace and how it ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

import msgspec


# Structs rather than dataclasses: long answers have 100,000 of them.
class Say(msgspec.Struct, frozen=True):
    """A piece of the answer's text."""

    text: str


class Think(msgspec.Struct, frozen=True):
    """A piece of reasoning; `tag` is `header` or `summary`."""

    text: str
    tag: str = "summary"
    step: int = 0


class Page(msgspec.Struct, frozen=True):
    url: str
    title: str
    preview: str


class Post(msgspec.Struct, frozen=True):
    post_id: str
    username: str
    name: str
    text: str

    @property
    def url(self) -> str:
        return f"https://x.com/{self.username}/status/{self.post_id}"


class Search(msgspec.Struct, frozen=True):
    """The site searches; `tool` is `web_search` or `x_keyword_search`."""

    call_id: str
    tool: str
    query: str
    step: int


class Found(msgspec.Struct, frozen=True):
    call_id: str
    step: int
    pages: tuple[Page, ...] = ()
    posts: tuple[Post, ...] = ()


class Cite(msgspec.Struct, frozen=True):
    """An inline citation at this place of the text."""

    card_id: str
    number: int
    url: str
    title: str
    of_post: bool = False


class SearchedImage(msgspec.Struct, frozen=True):
    card_id: str
    title: str
    thumbnail: str
    original: str
    link: str


Step = Say | Think | Search | Found | Cite | SearchedImage


class Ending(Enum):
    COMPLETE = auto()
    EMPTY = auto()
    """Success, and not a word."""
    GARBAGE = auto()
    SILENT = auto()
    """Not even the first byte of an answer."""
    STALL = auto()
    """No more bytes, but the connection stays."""
    RESET = auto()
    """TCP reset instead of an answer."""
    CUT = auto()
    """TCP reset in the middle."""
    BROKEN = auto()
    """The stream ends early: `failed` on the socket, a lost tail over HTTP."""
    SESSION_ENDED = auto()


@dataclass(frozen=True, slots=True)
class Fault:
    """An error inside the stream."""

    code: int
    message: str
    word: str | None = None
    """What the socket puts in the place of the number."""
    nested: bool = False
    """Inside the response object instead of in its place."""


@dataclass(frozen=True, slots=True)
class Answer:
    steps: Sequence[Step] = ()
    ending: Ending | Fault = Ending.COMPLETE
    chunk_delay_s: float | None = None
    """Overrules the script's."""


USAGE_LIMIT = Fault(8, "You've reached your usage limit for this model.", nested=True)
