"""Leaves a file with an account: as a form, or in the older way where that is all there is."""

import random

from grokdesk.domain.attachment import UploadFile
from grokdesk.kernel.clock import Clock
from grokdesk.upstream.web.call import Call
from grokdesk.upstream.web.transport import Response
from grokdesk.upstream.web.wire import facts
from grokdesk.upstream.web.wire.uploads import Upload, direct_body, legacy_body, parse_upload

_UNKNOWN = (404, 405)
_LEGACY_FOR_S = 600.0
"""How long the older way is taken at once after the newer was unknown."""
_BOUNDARY_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Uploader:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._legacy_until = 0.0

    async def upload(self, call: Call, file: UploadFile) -> Upload:
        """Raise UpstreamError; ContentRefusedError for a file that is not accepted."""
        response = await self._send(call, file)
        if response.status != 200:
            raise call.classified(response)
        return parse_upload(response.body)

    async def _send(self, call: Call, file: UploadFile) -> Response:
        if self._clock.monotonic() >= self._legacy_until:
            boundary = _new_boundary()
            response = await call.send_file(
                facts.UPLOAD,
                direct_body(file, boundary),
                f"multipart/form-data; boundary={boundary}",
            )
            if response.status not in _UNKNOWN:
                return response
            self._legacy_until = self._clock.monotonic() + _LEGACY_FOR_S
        return await call.send_file(facts.LEGACY_UPLOAD, legacy_body(file))


def _new_boundary() -> str:
    """Chrome's form; too long to occur in a file by chance."""
    chars = random.choices(_BOUNDARY_CHARS, k=16)  # noqa: S311 - it separates, it guards nothing
    return f"----WebKitFormBoundary{''.join(chars)}"
