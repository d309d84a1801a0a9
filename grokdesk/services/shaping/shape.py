"""One request as it goes upstream in words, and the stages for what comes back."""

from grokdesk.domain.chat import ChatRequest, Message, Role
from grokdesk.domain.errors import AnswerFormatError
from grokdesk.services.shaping.length import LengthStage
from grokdesk.services.shaping.pipeline import Pipeline
from grokdesk.services.shaping.stage import Stage, Trouble
from grokdesk.services.shaping.stop import StopStage
from grokdesk.services.shaping.structured import StructuredStage, instruction
from grokdesk.services.shaping.tool_prompt import written_out


class Shape:
    """`is_last`: the answer to this one is not asked for again."""

    __slots__ = ("_request", "is_last", "messages")

    def __init__(
        self, request: ChatRequest, messages: tuple[Message, ...], *, is_last: bool = False
    ) -> None:
        self.messages = messages
        """Text alone, for upstream."""
        self.is_last = is_last
        self._request = request

    def pipeline(self) -> Pipeline | None:
        """None when chunks may go on as they are, which is most requests."""
        request = self._request
        stages: list[Stage] = []
        if request.tools is not None and request.tools.tools:
            # Imported when first needed: its patterns take long to compile.
            from grokdesk.services.shaping.tool_stage import ToolStage

            stages.append(ToolStage(request.tools, is_last=self.is_last))
        if request.answer_format is not None:
            stages.append(StructuredStage(request.answer_format))
        if request.stop:
            stages.append(StopStage(request.stop))
        if request.max_tokens is not None:
            stages.append(LengthStage(request.max_tokens))
        return Pipeline(stages) if stages else None

    def again(self, trouble: Trouble) -> "Shape":
        """The same question with what was wrong; raise AnswerFormatError the second time."""
        if self.is_last:
            raise AnswerFormatError(trouble.problem)
        correction = (
            Message(Role.ASSISTANT, trouble.said),
            Message(Role.USER, trouble.correction),
        )
        return Shape(self._request, (*self.messages, *correction), is_last=True)


def shape_of(request: ChatRequest) -> Shape:
    messages = request.messages
    if request.tools is not None or _has_calls(messages):
        messages = written_out(messages, request.tools)
    if request.answer_format is not None:
        told = Message(Role.SYSTEM, instruction(request.answer_format))
        messages = (*messages[:-1], told, *messages[-1:])
    return Shape(request, messages)


def _has_calls(messages: tuple[Message, ...]) -> bool:
    for message in messages:  # noqa: SIM110 - every request comes by; a generator costs more
        if message.calls:
            return True
    return False
