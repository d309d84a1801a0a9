"""What stands in the text of an answer for things that are no text."""

from grokdesk.domain.chat import Image


def markdown_of(image: Image) -> str:
    return f"![image]({image.url})\n"
