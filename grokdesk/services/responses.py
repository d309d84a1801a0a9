"""Responses that can be asked for again: in memory for a while, on the disk where wanted."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace

from grokdesk.domain.chat import ChatRequest
from grokdesk.domain.errors import KeyEndedError, RequestTooLargeError, UnknownResponseError
from grokdesk.domain.events import ApiKeyEnded, SettingsChanged
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import Clock
from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.services.apikeys import ApiKeyService
from grokdesk.services.chat import ChatService
from grokdesk.services.gateway import GatewayService
from grokdesk.services.response_jobs import Job, ResponseJobs
from grokdesk.services.response_memory import ResponseMemory
from grokdesk.services.response_record import StoredResponse, from_row, merged, to_row
from grokdesk.store.errors import StoreError
from grokdesk.store.responses import ResponseStore

_log = logging.getLogger(__name__)

_RETENTION = "responses.retention_days"
_DAY_S = 86_400.0
_FORGET_EVERY_S = 600.0
_LONGEST_CONVERSATION = 1000
_LARGEST_CONVERSATION = 256 << 20
"""Bytes: pictures are in there as text."""


class ResponseService:
    """Everything is per API key: what another key made does not exist."""

    def __init__(
        self,
        store: ResponseStore,
        chat: ChatService,
        gateway: GatewayService,
        keys: ApiKeyService,
        bus: EventBus,
        tasks: TaskSupervisor,
        clock: Clock,
        retention_days: Callable[[], float],
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._retention_days = retention_days
        self._memory = ResponseMemory(clock)
        self._jobs = ResponseJobs(store, self._memory, chat, gateway, tasks, clock)
        self._tasks = tasks
        bus.subscribe(ApiKeyEnded, self._on_key_ended)
        bus.subscribe(SettingsChanged, self._on_settings_changed)

    async def keep(self, response: StoredResponse, *, on_disk: bool) -> None:
        """Never raises: the answer itself is there already, and its client waits for its end."""
        response = replace(
            response, answer=replace(response.answer, chunks=merged(response.answer.chunks))
        )
        if on_disk and self._retention_days() > 0:
            try:
                await self._store.insert(to_row(response))
            except StoreError as error:
                _log.error("%s is kept in memory alone: %s", response.id, error)
            else:
                return
        self._memory.put(response)

    async def start(
        self, response: StoredResponse, request: ChatRequest, release: Callable[[], object]
    ) -> Job:
        """Make it in the background; see ResponseJobs.start."""
        on_disk = self._retention_days() > 0
        return await self._jobs.start(response, request, release, on_disk=on_disk)

    def job(self, id: str, key_id: str) -> Job | None:
        """None when it is not being made now."""
        return self._jobs.find(id, key_id)

    async def find(self, id: str, key_id: str) -> StoredResponse:
        """Raise UnknownResponseError."""
        job = self._jobs.find(id, key_id)
        if job is not None:
            return job.response
        kept = self._memory.get(id)
        if kept is not None and kept.key_id == key_id:
            return kept
        row = await self._store.get(id, key_id)
        if row is None:
            raise UnknownResponseError(id)
        return from_row(row)

    async def conversation(self, id: str, key_id: str) -> tuple[StoredResponse, ...]:
        """The response and what it continues, oldest first.

        Raise UnknownResponseError, or RequestTooLargeError.
        """
        found: list[StoredResponse] = []
        size = 0
        while id and len(found) < _LONGEST_CONVERSATION:
            found.append(await self.find(id, key_id))
            id, size = found[-1].previous_id, size + found[-1].size
            if size > _LARGEST_CONVERSATION:
                raise RequestTooLargeError("The conversation is too long to be continued.")
        return tuple(reversed(found))

    async def delete(self, id: str, key_id: str) -> None:
        """A job is cancelled. Raise UnknownResponseError."""
        await self.cancel(id, key_id)
        self._memory.drop(id)
        await self._store.delete(id, key_id)

    async def cancel(self, id: str, key_id: str) -> StoredResponse:
        """The response as it is then: one that has ended stays what it is.

        Raise UnknownResponseError.
        """
        job = self._jobs.find(id, key_id)
        if job is None:
            return await self.find(id, key_id)
        return await self._jobs.cancel(job)

    async def run(self) -> None:
        """Take up what was interrupted, then forget what is too old, now and then."""
        with _reported():
            await self._store.forget_keys_but({key.id for key in self._keys.list()})
            await self._forget()
            await self._jobs.resume(self._check_key)
        while True:
            await asyncio.sleep(_FORGET_EVERY_S)
            await self._forget()

    def _check_key(self, key_id: str) -> None:
        """Raise KeyEndedError. A key that is gone took its responses along."""
        for key in self._keys.list():
            if key.id == key_id:
                self._keys.current(key)

    async def _forget(self) -> None:
        with _reported():
            await self._store.forget(self._clock.now() - self._retention_days() * _DAY_S)

    def _on_settings_changed(self, event: SettingsChanged) -> None:
        if _RETENTION in event.keys:
            self._tasks.run_soon(self._forget(), name="responses that are too old now")

    def _on_key_ended(self, event: ApiKeyEnded) -> None:
        self._tasks.run_soon(self._end_key(event), name="responses of an ended key")

    async def _end_key(self, event: ApiKeyEnded) -> None:
        """Of a revoked key nothing is left; one that was switched off may come back."""
        is_there = any(key.id == event.key_id for key in self._keys.list())
        for job in self._jobs.of_key(event.key_id):
            if is_there:
                await self._jobs.fail(job, KeyEndedError(event.reason))
            else:
                await self._jobs.cancel(job)
        if not is_there:
            self._memory.drop_where(lambda response: response.key_id == event.key_id)
            with _reported():
                await self._store.forget_key(event.key_id)


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        _log.warning("stored responses could not be tidied up: %s", error)
