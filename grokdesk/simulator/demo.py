"""The answers of demo mode: plainly marked, and useful for a first look."""

import re
from typing import Final

from grokdesk.simulator import texts
from grokdesk.simulator.acting import act
from grokdesk.simulator.answer import Answer, Say, Think
from grokdesk.simulator.compose import compose, keywords_of
from grokdesk.simulator.prompt import last_user_text
from grokdesk.simulator.script import Script

_ONE_WORD: Final = re.compile(r"\s*\S+\s*|\s+")
_FORMATTED: Final = re.compile(r"\b(?:code|markdown)\b", re.IGNORECASE)
_GREETING: Final = re.compile(r"\s*(?:hi|hello|hey|help|start|test)\b[\s!.?,]*", re.IGNORECASE)

MARK: Final = (
    "**Demo** - this is the built-in simulator, offline; no Grok account is involved "
    "and nothing left this computer.\n\n"
)

_IMPORT: Final = """\
To talk to the real Grok, import a token of your own account:

1. Sign in at grok.com in your browser.
2. Open the developer tools, then *Application* (or *Storage*) → *Cookies* → `https://grok.com`.
3. Copy the value of the cookie named `sso`.
4. Open the accounts in Grokdesk, import, and paste it.
5. Leave demo mode.

"""

_HINTS: Final = """\
Until then you can try the window and your own programs: ask for **code** or **markdown**, \
or write `!think`, `!search` or `!long 200` to see how reasoning, citations and long answers look.
"""

_FORMATTED_ANSWER: Final = """\
Here is how a formatted answer looks.

## A table

| feature | in the demo |
|---------|-------------|
| streaming | yes |
| reasoning | yes, with `!think` |
| real answers | no |

## A code block

```python
from openai import OpenAI

client = OpenAI(base_url="http://127.0.0.1:PORT/v1", api_key="KEY")
reply = client.chat.completions.create(
    model="grok-chat-fast",
    messages=[{"role": "user", "content": "Hello"}],
)
print(reply.choices[0].message.content)
```

Grokdesk shows the address and the key to fill in.
"""

_PLAIN_ANSWER: Final = """\
You asked: “{question}”. The demo does not know anything, but the way of your question and of this \
answer through Grokdesk is the real one: account, quota, streaming and log are those you see in \
the window. Say **hello** to read how to import a token of your own.
"""

_THOUGHTS: Final = (
    "Thinking about your request",
    "- This is the demo, so there is nothing to think about.\n",
    "- Still, reasoning looks like this while it arrives.\n",
    "- Now the answer.\n",
)


def demo_script() -> Script:
    """About 40 pieces a second, after a moment of thought."""
    return Script(first_delay_s=0.3, chunk_delay_s=0.022, chunk_jitter_s=0.003)


def demo_compose(prompt: str) -> Answer:
    """Marked as the demo's, unless nothing may stand before it: that is no answer to read."""
    acted = act(prompt)
    if acted and acted.exact:
        return compose(prompt)
    question = last_user_text(prompt)
    keywords = keywords_of(question)
    if acted or keywords.keys() - {"think"}:
        asked = compose(prompt)
        return Answer((*_words(MARK), *asked.steps), asked.ending, asked.chunk_delay_s)
    said = _words(MARK + _text(question))
    return Answer((*_thoughts(), *said) if "think" in keywords else said)


def _text(question: str) -> str:
    if _FORMATTED.search(question):
        return _FORMATTED_ANSWER
    if _GREETING.fullmatch(question):
        return "Hello, and welcome to Grokdesk.\n\n" + _IMPORT + _HINTS
    return _PLAIN_ANSWER.format(question=texts.excerpt(question))


def _words(text: str) -> tuple[Say, ...]:
    return tuple(Say(word) for word in _ONE_WORD.findall(text))


def _thoughts() -> tuple[Think, ...]:
    header, *bullets = _THOUGHTS
    return (
        Think(header, "header", 0),
        *(Think(text, step=i) for i, text in enumerate(bullets, start=1)),
    )
