"""One thing that is known, and what it is called."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    caption: str
    value: str
