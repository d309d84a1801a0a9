"""Chat completions as they are kept in golden files, and as the openai package reads those."""

import pytest

from tests.gateway.golden import SCRIPTS, record
from tests.gateway.stand_in import chat_body

PATH = "/v1/chat/completions"


@pytest.mark.parametrize("name", ["plain", "reasoning", "error_first", "error_middle"])
async def test_the_answer_is_the_kept_one(http, gateway, name):
    gateway.upstream.play = SCRIPTS[name]
    recording = await record(http, gateway, PATH, chat_body(stream=True))
    recording.check(f"chat/{name}")
