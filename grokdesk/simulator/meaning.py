"""What plain questions mean: a script lets the simulator understand words without `!keywords`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from grokdesk.simulator.prompt import last_user_text


@dataclass(frozen=True, slots=True)
class Meaning:
    """A question in which `question` is found is answered as if `means` had been asked.

    Both `question` and `prompt` are regular expressions; `prompt` is to be found somewhere in the
    whole conversation, for example among its tools.
    """

    question: str
    means: str
    prompt: str = ""

    def __post_init__(self) -> None:
        for pattern in (self.question, self.prompt):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"no regular expression: {pattern!r}: {error}") from None


def understood(prompt: str, meanings: Sequence[Meaning]) -> str:
    """The prompt with the meaning of its last question in the place of that question."""
    if not meanings or not (question := last_user_text(prompt)):
        return prompt
    for meaning in meanings:
        if re.search(meaning.question, question) and re.search(meaning.prompt, prompt):
            before, _, after = prompt.rpartition(question)
            return f"{before}{meaning.means}{after}"
    return prompt
