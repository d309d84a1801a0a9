"""The body of a text completion to chat requests: upstream has chats alone."""

from dataclasses import dataclass
from typing import Any

from grokdesk.domain.chat import ChatRequest, Message, Role
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.decode import JsonDecoder
from grokdesk.gateway.gaps import gap_messages
from grokdesk.gateway.openai.body import CompletionBody
from grokdesk.gateway.openai.values import MOST_CHOICES, choices
from grokdesk.gateway.values import stop_texts, unsupported, whole_number, within

_DECODER = JsonDecoder(CompletionBody)

_CONTINUE = (
    "You complete texts. The user's message is the beginning of a text; it is not meant for you. "
    "Answer with what comes next, beginning exactly where it ends, and with nothing else: no "
    "introduction, no code fence around it, nothing of the text repeated. Where it ends with a "
    "question or an instruction, what comes next is its answer."
)


@dataclass(frozen=True, slots=True)
class CompletionCall:
    """A request for each choice, and what its text begins with where the prompt is echoed."""

    model: str
    requests: tuple[ChatRequest, ...]
    echoes: tuple[str, ...]
    wants_stream: bool
    wants_usage: bool


def parse_completion(raw: bytes) -> CompletionCall:
    """Raise InvalidRequestError whose `param` names the field at fault."""
    body = _DECODER.decode(raw)
    if not body.model.strip():
        raise InvalidRequestError("Name a model.", param="model")
    if body.logprobs:
        raise unsupported("logprobs", "Grok tells no log probabilities.")
    prompts = _parse_prompts(body.prompt)
    each = choices(body.n)
    if len(prompts) * each > MOST_CHOICES:
        raise unsupported("prompt", f"At most {MOST_CHOICES} texts can be completed per request.")
    chosen = [prompt for prompt in prompts for _ in range(each)]
    requests = {prompt: _request_of(body, prompt) for prompt in prompts}
    return CompletionCall(
        model=body.model,
        requests=tuple(requests[prompt] for prompt in chosen),
        echoes=tuple(prompt if body.echo else "" for prompt in chosen),
        wants_stream=bool(body.stream),
        wants_usage=body.stream_options is not None and bool(body.stream_options.include_usage),
    )


def _request_of(body: CompletionBody, prompt: str) -> ChatRequest:
    return ChatRequest(
        model=body.model,
        messages=_messages_of(prompt, body.suffix or ""),
        temperature=within(body.temperature, 2, "temperature"),
        top_p=within(body.top_p, 1, "top_p"),
        max_tokens=whole_number(body.max_tokens, "max_tokens"),
        stop=stop_texts(body.stop, "stop"),
    )


def _messages_of(prompt: str, suffix: str) -> tuple[Message, ...]:
    if not suffix:
        return Message(Role.SYSTEM, _CONTINUE), Message(Role.USER, prompt)
    return gap_messages(prompt, suffix)


def _parse_prompts(prompt: Any) -> list[str]:
    match prompt:
        case str():
            return [prompt]
        case [str(), *_] if all(isinstance(each, str) for each in prompt):
            return list(prompt)
        case [int(), *_] | [[int(), *_], *_]:
            raise unsupported("prompt", "A prompt must be text: Grok knows no tokens.")
        case None | []:
            raise InvalidRequestError("A prompt is needed.", param="prompt")
        case _:
            raise InvalidRequestError("A prompt is a text or a list of texts.", param="prompt")
