"""langchain-openai, judged by the tests that LangChain has for every chat model."""

from typing import Any

import httpx
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests

from tests.clients import pictures
from tests.clients.meanings import LANGCHAIN_STANDARD_TESTS
from tests.clients.stage import MODEL, Stage

pytestmark = pytest.mark.client("langchain-openai")


@pytest.fixture(scope="module", autouse=True)
def _the_model_knows_the_answers(stage: Stage) -> Any:
    stage.script(meanings=LANGCHAIN_STANDARD_TESTS)
    yield
    stage.script(meanings=[])


@pytest.fixture(autouse=True)
def _nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The standard tests download a picture and a document to send."""

    def get(url: str, **_options: Any) -> httpx.Response:
        content = pictures.pdf() if url.endswith(".pdf") else pictures.png()
        return httpx.Response(200, content=content)

    monkeypatch.setattr(httpx, "get", get)


class _StandardTests(ChatModelIntegrationTests):
    @pytest.fixture(autouse=True)
    def _where(self, stage: Stage) -> None:
        self.stage = stage

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {
            "model": MODEL,
            "base_url": self.stage.base_url,
            "api_key": self.stage.key,
            "max_retries": 0,
            "timeout": 30,
            "stream_usage": True,
        }

    @property
    def model_override_value(self) -> str:
        return "grok-chat-auto"

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_image_tool_message(self) -> bool:
        return True

    @property
    def supports_pdf_tool_message(self) -> bool:
        return True

    @property
    def supports_pdf_inputs(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True


class TestChatCompletions(_StandardTests):
    """Structured answers by JSON schema, which is the default."""


class TestStructuredAnswersAsToolCalls(_StandardTests):
    @property
    def structured_output_kwargs(self) -> dict[str, Any]:
        return {"method": "function_calling"}


class TestResponses(_StandardTests):
    """The same tests again by the other API of OpenAI."""

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {**super().chat_model_params, "use_responses_api": True}
