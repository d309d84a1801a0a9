"""The playground's conversation: what was said, and the request for the next answer."""

import secrets

from grokdesk.domain.chat import ChatRequest, Message, Role
from grokdesk.services.calls import Call, ChatResult
from grokdesk.ui import text

ROUTE = "playground"


class Conversation:
    """Turns alternate; an answer that never came leaves its question open."""

    def __init__(self) -> None:
        self._messages: list[Message] = []

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def awaits_answer(self) -> bool:
        return bool(self._messages) and self._messages[-1].role is Role.USER

    def ask(self, words: str) -> None:
        if self.awaits_answer:
            self._messages.pop()
        self._messages.append(Message(Role.USER, words))

    def answered(self, words: str) -> None:
        """Also a part of an answer counts: the next question may refer to it."""
        if words and self.awaits_answer:
            self._messages.append(Message(Role.ASSISTANT, words))

    def take_back_answer(self) -> None:
        if self._messages and self._messages[-1].role is Role.ASSISTANT:
            self._messages.pop()

    def clear(self) -> None:
        self._messages.clear()

    def request(self, model: str) -> ChatRequest:
        return ChatRequest(model=model, messages=tuple(self._messages))


def new_call() -> Call:
    return Call(request_id=f"req_{secrets.token_hex(8)}", route=ROUTE, streamed=True)


def statistics(result: ChatResult, request_id: str) -> str:
    """One line under an answer."""
    parts = [result.model, text.account_name(result.account_label)]
    if result.first_chunk_s is not None:
        parts.insert(0, f"First token {text.latency(result.first_chunk_s)}")
    speed = _tokens_per_second(result)
    if speed is not None:
        parts.insert(1, f"≈{text.number(round(speed))} tokens/s")
    parts.insert(-2, f"{text.latency(result.total_s)} in all")
    if result.attempts > 1:
        parts.append(text.count(result.attempts, "attempt"))
    parts.append(request_id)
    return "  ·  ".join(parts)


def _tokens_per_second(result: ChatResult) -> float | None:
    """None when the answer came too fast to say."""
    if result.first_chunk_s is None:
        return None
    writing = result.total_s - result.first_chunk_s
    return result.tokens.completion / writing if writing > 0.05 else None
