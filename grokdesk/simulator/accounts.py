"""Every token is an account: who it is, what it is entitled to and what it owns."""

import uuid
from dataclasses import dataclass
from typing import Final

from grokdesk.simulator.quota import TIER_QUOTAS, Window
from grokdesk.simulator.scenario import (
    EVERYWHERE,
    Scenario,
    scenario_of_outcome,
    scenario_of_token,
)
from grokdesk.simulator.script import AccountScript, Quota, Script

_FILES_KEPT: Final = 500


def account_uuid(token: str) -> str:
    """The user id that the session route reports and the chat socket asks for."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, token))


@dataclass(frozen=True, slots=True)
class StoredFile:
    file_id: str
    name: str
    mime_type: str
    uri: str


class Account:
    __slots__ = ("_suffix", "_windows", "files", "token", "uid")

    def __init__(self, token: str) -> None:
        self.token = token
        self.uid = account_uuid(token)
        self.files: dict[str, StoredFile] = {}
        self._suffix = scenario_of_token(token)
        self._windows: dict[str, Window] = {}

    @property
    def email(self) -> str:
        return f"user-{self.uid[:8]}@example.com"

    def next_chat(self, script: Script) -> Scenario:
        """What happens to the chat turn that starts now; uses up a scripted outcome."""
        scripted = script.of(self.token)
        if scripted is None:
            return self._suffix
        if scripted.outcomes:
            return scenario_of_outcome(scripted.outcomes.pop(0))
        if scripted.afterwards is not None:
            return scenario_of_outcome(scripted.afterwards)
        return self._suffix

    def next_elsewhere(self, script: Script) -> Scenario:
        """What happens to any other request."""
        scripted = script.of(self.token)
        if scripted is not None and scripted.elsewhere:
            return scenario_of_outcome(scripted.elsewhere.pop(0))
        return self._suffix.only(EVERYWHERE)

    def tier(self, script: Script) -> str:
        scripted = script.of(self.token)
        if scripted is not None and scripted.tier is not None:
            return scripted.tier
        return self._suffix.tier or "basic"

    def exhausted(self) -> bool:
        return self._suffix.has("exhausted")

    def window(self, mode: str, script: Script) -> Window | None:
        """None: the account may not use this mode."""
        quota = self._quota(mode, script)
        if quota is None:
            return None
        window = self._windows.get(mode)
        if window is None or window.quota != quota:
            window = self._windows[mode] = Window(quota)
            if self.exhausted():
                window.drain()
        return window

    def spend(self, mode: str, script: Script) -> bool:
        """Whether the turn may run."""
        if not script.enforce_quotas:
            return True
        window = self.window(mode, script)
        return window is not None and window.spend()

    def retry_after_s(self, script: Script) -> int | None:
        scripted = script.of(self.token)
        if scripted is not None and scripted.retry_after_s is not None:
            return scripted.retry_after_s
        return script.retry_after_s

    def keep(self, file: StoredFile) -> None:
        self.files[file.file_id] = file
        if len(self.files) > _FILES_KEPT:
            del self.files[next(iter(self.files))]

    def _quota(self, mode: str, script: Script) -> Quota | None:
        scripted: AccountScript | None = script.of(self.token)
        if scripted is not None and mode in scripted.quotas:
            return scripted.quotas[mode]
        if mode in script.quotas:
            return script.quotas[mode]
        return TIER_QUOTAS[self.tier(script)].get(mode)
