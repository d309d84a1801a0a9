"""The flat prompt read back: who said what, as far as its headings tell."""

import re
from typing import Final, NamedTuple

_USER: Final = "[user]"
_NEXT_ROLE: Final = re.compile(r"\n\n\[(?:system|user|assistant|tool)\]")
_HEADING: Final = re.compile(r"(?:\A|\n\n)\[(system|user|assistant|tool)\](?:\n|\Z)")


class Turn(NamedTuple):
    role: str
    text: str


def last_user_text(prompt: str) -> str:
    """The last `[user]` part of a flattened conversation, or all of it when it has none."""
    start = prompt.rfind(f"\n{_USER}") + 1
    if not prompt.startswith(_USER, start):
        return prompt
    text = prompt[start + len(_USER) :].removeprefix(":")
    following = _NEXT_ROLE.search(text)
    return text[: following.start() if following else len(text)].strip()


def turns_of(prompt: str) -> list[Turn]:
    """Without any heading it is one turn of the user."""
    headings = list(_HEADING.finditer(prompt))
    if not headings:
        return [Turn("user", prompt)]
    ends = [*(heading.start() for heading in headings[1:]), len(prompt)]
    return [
        Turn(heading[1], prompt[heading.end() : end])
        for heading, end in zip(headings, ends, strict=True)
    ]


def ends_with_results(prompt: str) -> bool:
    """Whether a tool has the last word."""
    return prompt.rfind("[tool]\n") >= 0 and turns_of(prompt)[-1].role == "tool"
