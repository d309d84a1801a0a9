"""Which account answered a conversation last: it goes on with the same one where it can."""

from collections import OrderedDict

from grokdesk.domain.chat import ChatRequest, Role

_REMEMBERED = 2048


class Conversations:
    """Known by API key and first user message, of which only a hash is kept."""

    def __init__(self) -> None:
        self._accounts: OrderedDict[int, str] = OrderedDict()

    def account_of(self, request: ChatRequest, key_id: str) -> str | None:
        """None for the first request of a conversation."""
        if not any(message.role is Role.ASSISTANT for message in request.messages):
            return None
        return self._accounts.get(_sign(request, key_id))

    def remember(self, request: ChatRequest, key_id: str, account_id: str) -> None:
        sign = _sign(request, key_id)
        self._accounts[sign] = account_id
        self._accounts.move_to_end(sign)
        if len(self._accounts) > _REMEMBERED:
            self._accounts.popitem(last=False)


def _sign(request: ChatRequest, key_id: str) -> int:
    first = next((m.text for m in request.messages if m.role is Role.USER), "")
    return hash((key_id, first))
