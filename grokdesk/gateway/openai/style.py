"""In which of its forms a client wants a chat answer."""

from dataclasses import dataclass

from grokdesk.domain.chat import FinishReason

THINK, END_THINK = "<think>", "</think>\n\n"


@dataclass(frozen=True, slots=True)
class AnswerStyle:
    """`think_tags`: thinking stands in the text, between tags, and not in a field of its own.

    `older_calls`: a tool call is told as `function_call`.
    """

    think_tags: bool = False
    older_calls: bool = False

    def reason(self, reason: FinishReason) -> str:
        if self.older_calls and reason is FinishReason.TOOL_CALLS:
            return "function_call"
        return reason.value


PLAIN = AnswerStyle()
