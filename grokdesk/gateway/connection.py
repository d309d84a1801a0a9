"""One client connection: JSON even for what is no HTTP, and no patience without end."""

import logging
from typing import Any

from aiohttp import web

from grokdesk.gateway.errors import BAD_HEADER, INTERNAL, HttpError, render_error
from grokdesk.gateway.exchange import JSON
from grokdesk.gateway.ids import RequestIds
from grokdesk.gateway.sweeper import Sweeper

_log = logging.getLogger(__name__)


class GatewayConnection(web.RequestHandler):
    """aiohttp's connection with our words and our limits."""

    __slots__ = ("_ids", "_stalled_since", "_sweeper", "_unsent")

    def __init__(
        self, server: web.Server, sweeper: Sweeper, ids: RequestIds, **options: Any
    ) -> None:
        super().__init__(server, **options)
        self._sweeper = sweeper
        self._ids = ids
        self._stalled_since = 0.0
        self._unsent = 0

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled_since = self._loop.time()
        self._unsent = self._unsent_bytes()
        self._sweeper.watch_stalled(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._sweeper.forget_stalled(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._sweeper.forget_stalled(self)
        super().connection_lost(exc)

    def cut_if_stalled(self, now: float, patience_s: float) -> None:
        unsent = self._unsent_bytes()
        if unsent < self._unsent:
            self._stalled_since = now
        self._unsent = unsent
        if now - self._stalled_since >= patience_s and self.transport is not None:
            _log.info("cut a client that does not read its answer")
            self.transport.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - aiohttp's words, not ours
    ) -> web.StreamResponse:
        """Answer what never became a request (400), or a fault in our own border (500)."""
        if status == 400:
            error = HttpError(BAD_HEADER, "This is not a valid HTTP request.")
        else:
            _log.error("the gateway failed", exc_info=exc)
            error = HttpError(INTERNAL, "Something went wrong inside Grokdesk.")
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun")
        request_id = f"req_{self._ids.next()}"
        response = web.Response(
            body=render_error(error, error.verdict, request_id),
            status=error.verdict.status,
            headers={"Content-Type": JSON, "Server": "grokdesk", "x-request-id": request_id},
        )
        response.force_close()
        return response

    def _unsent_bytes(self) -> int:
        return self.transport.get_write_buffer_size() if self.transport is not None else 0
