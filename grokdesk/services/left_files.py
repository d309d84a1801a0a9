"""Which files the accounts hold already: each is uploaded once, also when many ask at a time."""

import asyncio
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from grokdesk.domain.account import Account, Token
from grokdesk.domain.attachment import UploadFile
from grokdesk.kernel.clock import Clock
from grokdesk.services.ports import Upstream

_KEPT = 4096
_KEPT_FOR_S = 3600.0

_Key: TypeAlias = tuple[str, str]
"""Account and digest."""


@dataclass(slots=True)
class _Running:
    task: asyncio.Task[str]
    waiting: int = 0


class LeftFiles:
    """Upstream's ids are remembered for an hour, by digest; the files are not."""

    def __init__(self, upstream: Upstream, clock: Clock) -> None:
        self._upstream = upstream
        self._clock = clock
        self._known: OrderedDict[_Key, tuple[str, float]] = OrderedDict()
        self._running: dict[_Key, _Running] = {}

    async def id_of(self, account: Account, token: Token, file: UploadFile) -> str:
        """Upload it unless the account has it; the upload ends when nobody waits for it."""
        key = (account.id, file.digest)
        known, until = self._known.get(key, ("", 0.0))
        if until > self._clock.monotonic():
            self._known.move_to_end(key)
            return known
        running = self._running.get(key) or self._start(key, account, token, file)
        running.waiting += 1
        try:
            return await asyncio.shield(running.task)
        finally:
            running.waiting -= 1
            if not running.waiting and not running.task.done():
                self._forget_task(key, running.task)
                running.task.cancel()

    def forget(self, account_id: str, files: Collection[UploadFile]) -> None:
        for file in files:
            self._known.pop((account_id, file.digest), None)

    def _start(self, key: _Key, account: Account, token: Token, file: UploadFile) -> _Running:
        task = asyncio.get_running_loop().create_task(self._upload(key, account, token, file))
        task.add_done_callback(lambda done: self._ended(key, done))
        running = self._running[key] = _Running(task)
        return running

    async def _upload(self, key: _Key, account: Account, token: Token, file: UploadFile) -> str:
        file_id = await self._upstream.upload(account, token, file)
        self._known[key] = file_id, self._clock.monotonic() + _KEPT_FOR_S
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return file_id

    def _ended(self, key: _Key, task: asyncio.Task[str]) -> None:
        self._forget_task(key, task)
        if not task.cancelled():
            task.exception()  # whoever waited has it; perhaps nobody does any more

    def _forget_task(self, key: _Key, task: asyncio.Task[str]) -> None:
        running = self._running.get(key)
        if running is not None and running.task is task:
            del self._running[key]
