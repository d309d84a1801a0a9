"""Filling in the middle, for a model that only chats."""

from grokdesk.domain.chat import Message, Role

_FILL = (
    "You fill gaps in texts. The user's message has the text before the gap between <before> and "
    "</before>, the text after it between <after> and </after>. Answer with exactly what belongs "
    "into the gap, and with nothing else: no explanation, no code fence around it, nothing of "
    "either side repeated."
)


def gap_messages(before: str, after: str) -> tuple[Message, Message]:
    text = f"<before>{before}</before>\n<after>{after}</after>"
    return Message(Role.SYSTEM, _FILL), Message(Role.USER, text)
