"""What the steps have in common that a reply goes through on its way to the client."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass

from grokdesk.domain.chat import Chunk, FinishReason


@dataclass(frozen=True, slots=True)
class Trouble:
    """The reply is not what was asked for; `correction` tells the model so.

    `problem` is one sentence for the client, should it come to that.
    """

    said: str
    correction: str
    problem: str


class Stage(ABC):
    """Takes chunks, gives chunks; it may hold some back until it knows more."""

    cut: FinishReason | None = None
    """Set when the reply is to end here, whatever upstream still says."""
    trouble: Trouble | None = None
    """Set by `finish` when upstream should be asked again; then nothing was given."""

    @abstractmethod
    def feed(self, chunk: Chunk) -> Iterable[Chunk]: ...

    @abstractmethod
    def finish(self) -> Iterable[Chunk]:
        """What was held back; the reply is complete."""
