"""Pictures and files of a request: checked, made to fit, and left with the account that serves."""

from grokdesk.domain.account import Account, Token
from grokdesk.domain.attachment import UploadFile
from grokdesk.domain.chat import ChatRequest
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.services.ports import Upstream


class AttachmentService:
    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def prepare(self, request: ChatRequest) -> tuple[UploadFile, ...]:
        """All attachments of a conversation, oldest first, ready to be uploaded.

        Raise InvalidRequestError whose `param` names the attachment at fault.
        """
        for message in request.messages:
            if message.attachments:
                raise InvalidRequestError(
                    "This version of Grokdesk cannot take pictures and files yet.",
                    param=message.attachments[0].param,
                    code="unsupported_content",
                )
        return ()

    async def leave(
        self, account: Account, token: Token, files: tuple[UploadFile, ...]
    ) -> tuple[str, ...]:
        """Upstream's ids of the files; what the account has already is not uploaded again."""
        return tuple([await self._upstream.upload(account, token, file) for file in files])
