"""An answer that searched the web and X first, with citations and a found image."""

from typing import Final

from grokdesk.simulator.answer import (
    Cite,
    Found,
    Page,
    Post,
    Say,
    Search,
    SearchedImage,
    Step,
    Think,
)

_PAGES: Final = (
    Page(
        "https://science.example.org/answer",
        "An answer - Example Science",
        "What is known about this ...",
    ),
    Page("https://notes.example.net/background", "Background notes", "Read this before ..."),
)
_POST: Final = Post(
    "1900000000000000001", "examplewriter", "Example Writer", "I looked into this, day 3"
)
_WEB_CALL: Final = "card-web_search"
_X_CALL: Final = "card-x_keyword_search"


def search_steps(question: str) -> list[Step]:
    return [
        Think(f"Searching for {question}", "header", 0),
        Search(_WEB_CALL, "web_search", question, 1),
        Found(_WEB_CALL, 1, pages=_PAGES),
        Search(_X_CALL, "x_keyword_search", question, 2),
        Found(_X_CALL, 2, posts=(_POST,)),
        Say("According to the first source this is well understood"),
        Cite("c1a2b3", 0, _PAGES[0].url, _PAGES[0].title),
        Say(" and people write about it"),
        Cite("c4d5e6", 2, _POST.url, _POST.name, of_post=True),
        Say(", as the first source says"),
        Cite("c7f8a9", 0, _PAGES[0].url, _PAGES[0].title),
        Say("."),
        SearchedImage(
            "i7f8a9",
            "A picture",
            "https://img.example.org/t/picture.jpg",
            "https://img.example.org/picture.jpg",
            "https://science.example.org/gallery",
        ),
    ]
