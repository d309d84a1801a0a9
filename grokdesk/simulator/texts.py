"""The texts of the test answers."""

from typing import Final

_EXCERPT_CHARS: Final = 120
_FILLER: Final = "The quick brown fox jumps over the lazy dog. "

UNICODE: Final = (
    "Emoji: 😀 👩🏽‍🚀 👨‍👩‍👧‍👦 🏳️‍🌈 🇳🇴. "
    "Chinese: 你好、世界。 Japanese: こんにちは、世界。 Korean: 안녕하세요. "
    "Arabic: مرحبا بالعالم. Hebrew: שלום עולם. "
    "Combining: Z̃ é ñ ệ. Rare: 𠮷𝔘𝕟𝕚 CuSO4·5H2O."
)

MARKDOWN: Final = """\
# A heading

A paragraph with **bold**, *italic*, `code` and a [link](https://example.org/).

## A list

1. one
2. two
   - nested
   - nested too

| mode | queries |
|------|--------:|
| fast | 30 |
| auto | 50 |

```python
def area(radius: float) -> float:
    return 3.14159 * radius**2
```

> A quotation, and the formula $E = mc^2$.
"""


def plain(question: str) -> str:
    return (
        f"You asked: “{excerpt(question)}”. "
        "This short answer comes from the simulator and is the same every time."
    )


def excerpt(text: str) -> str:
    words = " ".join(text[: 4 * _EXCERPT_CHARS].split())
    if len(words) <= _EXCERPT_CHARS:
        return words
    return words[: _EXCERPT_CHARS - 1] + "…"


def filler(characters: int) -> str:
    return (_FILLER * (characters // len(_FILLER) + 1))[:characters]
