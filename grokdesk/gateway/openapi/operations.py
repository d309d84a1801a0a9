"""What the routes do, in a sentence each, with the bodies that they take and give."""

from dataclasses import dataclass

from grokdesk.gateway.anthropic.body import RequestBody
from grokdesk.gateway.ollama import body as ollama
from grokdesk.gateway.openai.body import ChatBody, CompletionBody
from grokdesk.gateway.openapi import answers
from grokdesk.gateway.responses.body import ResponseBody

EVENTS = "text/event-stream"
LINES = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Operation:
    """`tag` groups operations, and their schemas: names are unique within one.

    `answers`: the forms of a good answer, all with status 200. `stream` is the content type of one
    that comes piece by piece instead, if the client wants that. `tail` names what the `*` in the
    path stands for. `text`: the answer is plain text. `query`: names of parameters that count.
    """

    tag: str
    summary: str
    body: type | None = None
    answers: tuple[type, ...] = ()
    stream: str = ""
    tail: str = ""
    text: bool = False
    query: tuple[str, ...] = ()


_PAGES = ("limit", "after_id", "before_id", "client_version")

OPERATIONS: dict[tuple[str, str], Operation] = {
    ("GET", "/"): Operation("Gateway", "Say that a gateway is here.", answers=(answers.Root,)),
    ("GET", "/api/hello"): Operation(
        "Gateway", "Say that a gateway is here.", answers=(answers.Root,)
    ),
    ("GET", "/health"): Operation("Gateway", "Say whether it is well.", answers=(answers.Health,)),
    ("GET", "/metrics"): Operation(
        "Gateway", "Figures in Prometheus' format, if the user wants them.", text=True
    ),
    ("GET", "/openapi.json"): Operation(
        "Gateway", "This document.", answers=(answers.OpenApiDocument,)
    ),
    ("GET", "/models"): Operation(
        "Models",
        "List the models; with the header anthropic-version in Anthropic's form.",
        answers=(answers.ModelList, answers.ModelPage),
        query=_PAGES,
    ),
    ("GET", "/models/*"): Operation(
        "Models",
        "One model, under any of its names.",
        answers=(answers.Model, answers.AnthropicModel),
        tail="model",
    ),
    ("POST", "/chat/completions"): Operation(
        "OpenAI",
        "Answer a conversation.",
        body=ChatBody,
        answers=(answers.ChatCompletion,),
        stream=EVENTS,
    ),
    ("POST", "/completions"): Operation(
        "OpenAI",
        "Continue a text.",
        body=CompletionBody,
        answers=(answers.TextCompletion,),
        stream=EVENTS,
    ),
    ("POST", "/responses"): Operation(
        "Responses",
        "Answer a conversation, and keep the answer if asked to.",
        body=ResponseBody,
        answers=(answers.Response,),
        stream=EVENTS,
    ),
    ("GET", "/responses/*"): Operation(
        "Responses",
        "An answer that is kept.",
        answers=(answers.Response,),
        stream=EVENTS,
        tail="response_id",
    ),
    ("DELETE", "/responses/*"): Operation(
        "Responses",
        "Keep an answer no longer.",
        answers=(answers.DeletedResponse,),
        tail="response_id",
    ),
    ("GET", "/responses/*/input_items"): Operation(
        "Responses",
        "What was asked.",
        answers=(answers.ItemList,),
        tail="response_id",
        query=("limit", "after", "order"),
    ),
    ("POST", "/responses/*/cancel"): Operation(
        "Responses",
        "End an answer that is made in the background.",
        answers=(answers.Response,),
        tail="response_id",
    ),
    ("POST", "/messages"): Operation(
        "Anthropic",
        "Answer a conversation.",
        body=RequestBody,
        answers=(answers.AnthropicMessage,),
        stream=EVENTS,
    ),
    ("POST", "/messages/count_tokens"): Operation(
        "Anthropic",
        "Estimate the tokens of a conversation.",
        body=RequestBody,
        answers=(answers.TokenCount,),
    ),
    ("POST", "/api/event_logging/batch"): Operation(
        "Anthropic", "Take a program's reports and forget them.", answers=(answers.Anything,)
    ),
    ("POST", "/api/event_logging/*/batch"): Operation(
        "Anthropic",
        "Take a program's reports and forget them.",
        answers=(answers.Anything,),
        tail="version",
    ),
    ("GET", "/api/version"): Operation(
        "Ollama", "The version of Ollama's API.", answers=(answers.OllamaVersion,)
    ),
    ("GET", "/api/tags"): Operation("Ollama", "List the models.", answers=(answers.OllamaModels,)),
    ("GET", "/api/ps"): Operation(
        "Ollama", "List the models in memory: none is.", answers=(answers.OllamaModels,)
    ),
    ("POST", "/api/show"): Operation(
        "Ollama", "One model.", body=ollama.NamedBody, answers=(answers.OllamaModel,)
    ),
    ("POST", "/api/chat"): Operation(
        "Ollama",
        "Answer a conversation.",
        body=ollama.ChatBody,
        answers=(answers.OllamaChat,),
        stream=LINES,
    ),
    ("POST", "/api/generate"): Operation(
        "Ollama",
        "Answer a question.",
        body=ollama.GenerateBody,
        answers=(answers.OllamaText,),
        stream=LINES,
    ),
}
"""By method and path of the route."""
