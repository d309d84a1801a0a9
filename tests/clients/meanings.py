"""What the questions of ready-made test suites mean, for a simulator that cannot think."""

import json
from typing import Any


def _meaning(question: str, means: str, prompt: str = "") -> dict[str, str]:
    return {"question": question, "means": means, "prompt": prompt}


def _call(name: str, **arguments: Any) -> str:
    return f"!call {name} {json.dumps(arguments, ensure_ascii=False)}"


_JOKE = {"setup": "Why was the cat on the computer?", "punchline": "It watched the mouse."}
_SETUP_ALONE = {**_JOKE, "punchline": None}

# A joke is a tool call where there is a tool for jokes, else JSON.
_JOKES = [
    meaning
    for name in ("Joke", "JokeDict")
    for meaning in (
        _meaning("no punchline", _call(name, **_SETUP_ALONE), prompt=f'\\{{"name":"{name}"'),
        _meaning("joke about cats", _call(name, **_JOKE), prompt=f'\\{{"name":"{name}"'),
    )
] + [
    _meaning("no punchline", f"!json {json.dumps(_SETUP_ALONE)}"),
    _meaning("joke about cats", f"!json {json.dumps(_JOKE)}"),
]

# What langchain-tests asks.
LANGCHAIN_STANDARD_TESTS = [
    _meaning(r"magic_function\(3\)", _call("magic_function", input=3)),
    _meaning(r"magic_function_no_args\(\)", _call("magic_function_no_args")),
    _meaning(r"^Hello!$", _call("magic_function", input=3), prompt="magic_function"),
    _meaning("a Pirate greeting", _call("greeting_generator", answer_style="pirate")),
    _meaning("weather in San Francisco", _call("get_weather", location="San Francisco, CA")),
    _meaning("你好啊集团", _call("unicode_customer", customer_name="你好啊集团", description="a")),
    _meaning(
        "こんにちは株式会社",
        _call("unicode_customer", customer_name="こんにちは株式会社", description="b"),
    ),
    *_JOKES,
]
