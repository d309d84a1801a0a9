"""How many tokens a question has, by our estimate, before anybody is asked."""

from grokdesk.domain.attachment import AttachmentKind
from grokdesk.domain.chat import ChatRequest
from grokdesk.services.estimate import estimate_tokens
from grokdesk.services.shaping.shape import shape_of

_PICTURE = 1_500
"""About what Anthropic counts for one of a usual size."""
_FILE = 3_000
"""A few pages; what is in a file is not looked at."""


def count_input(request: ChatRequest) -> int:
    """As it goes upstream, with the words that explain tools. At least 1."""
    texts = (message.text for message in shape_of(request).messages)
    return max(1, estimate_tokens(*texts) + _attached(request))


def _attached(request: ChatRequest) -> int:
    return sum(
        _PICTURE if attachment.kind is AttachmentKind.IMAGE else _FILE
        for message in request.messages
        if message.attachments
        for attachment in message.attachments
    )
