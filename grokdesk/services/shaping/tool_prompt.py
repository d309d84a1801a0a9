"""Tools in words: what may be called and how, and the calls and results of the history."""

from grokdesk.domain.chat import Message
from grokdesk.domain.tools import ToolUse


def written_out(messages: tuple[Message, ...], use: ToolUse | None) -> tuple[Message, ...]:
    """Messages of text alone, without `calls`; the tools of `use` stand in a SYSTEM turn."""
    raise NotImplementedError
