"""A profile with accounts and an API key, made once and copied for every gateway."""

import shutil
from pathlib import Path

from tests.bench.programs import run_module

ACCOUNTS = 4


class Home:
    """The folder of one gateway, and the environment that points at it."""

    def __init__(self, folder: Path, upstream: str, key: str = "") -> None:
        self.key = key
        self._folder = folder
        self._upstream = upstream

    @classmethod
    def create(cls, folder: Path, upstream: str) -> "Home":
        """By the same commands that a person would use."""
        folder.mkdir()
        tokens = folder / "tokens.txt"
        tokens.write_text(
            "".join(f"bench-of-loopback-{number}-heavy\n" for number in range(ACCOUNTS))
        )
        home = cls(folder, upstream)
        environ = home.environ()
        importing = ["grokdesk", "accounts", "import", str(tokens)]
        run_module([*importing, "--tier", "heavy", "--no-probe"], environ)
        home.key = run_module(["grokdesk", "keys", "create", "--name", "bench"], environ)
        return home

    def copy(self, folder: Path) -> "Home":
        shutil.copytree(self._folder, folder)
        return Home(folder, self._upstream, self.key)

    def environ(self, transport: str = "auto") -> dict[str, str]:
        return {
            "GROKDESK_HOME": str(self._folder),
            "XDG_RUNTIME_DIR": str(self._folder),
            "GROKDESK_MASTER_KEY_FILE": str(self._folder / "master.key"),
            "GROKDESK_ACCOUNTS_VAULT": "sealed",
            "GROKDESK_POOL_MAX_IN_FLIGHT": "100",
            "GROKDESK_UPSTREAM_WEB_URL": self._upstream,
            "GROKDESK_UPSTREAM_CHAT_TRANSPORT": transport,
        }
