"""Where a profile keeps its files."""

import hashlib
import os
import re
import stat
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from grokdesk.domain.errors import SettingsError

_NAME = "grokdesk"
_PROFILE = re.compile(r"[A-Za-z0-9_-]{1,40}")
_WINDOWS_DEVICE = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)

# A socket's address holds 107 bytes on Linux and 103 on macOS.
_SOCKET_PATH_BYTES = 100
_DIGEST_CHARS = 16

_CACHE_TAG = """Signature: 8a477f597d28d172789f06886806bc55
# This folder holds files of Grokdesk that can be made again; backups may leave it out.
"""


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of one profile; they may not exist before `ensure`."""

    config_dir: Path
    data_dir: Path
    cache_dir: Path
    log_dir: Path
    runtime_dir: Path

    @classmethod
    def for_profile(cls, profile: str | None, environ: Mapping[str, str]) -> "Paths":
        """None is the default profile. SettingsError for a name that is not one."""
        home = environ.get("GROKDESK_HOME", "")
        roots = _roots_under(home) if home else _roots_of_the_system()
        if profile is not None:
            name = _checked(profile)
            roots = [root / "profiles" / name for root in roots]
        config_dir, data_dir, cache_dir, log_dir = roots
        return cls(config_dir, data_dir, cache_dir, log_dir, _runtime_dir(environ))

    @property
    def settings_file(self) -> Path:
        return self.config_dir / "settings.toml"

    @property
    def models_file(self) -> Path:
        """The user's own catalog; replaces ours when it exists."""
        return self.config_dir / "models.toml"

    @property
    def database_file(self) -> Path:
        return self.data_dir / "grokdesk.db"

    @property
    def lock_file(self) -> Path:
        return self.data_dir / "grokdesk.lock"

    @property
    def control_socket(self) -> Path:
        """Short whatever the data folder is called, and different for each data folder."""
        return self.runtime_dir / f"{_digest(self.data_dir)}.sock"

    @property
    def control_file(self) -> Path:
        """Says where the control port is, on systems without Unix sockets."""
        return self.data_dir / "control.json"

    def ensure(self) -> None:
        """Create what is missing, for this user alone. SettingsError names the folder at fault."""
        for folder in (self.config_dir, self.data_dir, self.cache_dir, self.log_dir):
            _usable(folder)
        _usable(self.runtime_dir)
        _refuse_a_trap(self.runtime_dir)
        tag = self.cache_dir / "CACHEDIR.TAG"
        if not tag.exists() and os.access(self.cache_dir, os.W_OK):
            tag.write_text(_CACHE_TAG, encoding="ascii")


def _checked(profile: str) -> str:
    if not _PROFILE.fullmatch(profile) or _WINDOWS_DEVICE.fullmatch(profile):
        raise SettingsError(
            "profile",
            f"{profile[:60]!a} cannot be the name of a profile: "
            "use 1 to 40 letters, digits, '-' and '_'.",
        )
    return profile


def _roots_under(home: str) -> list[Path]:
    root = Path(home).expanduser().resolve()
    return [root / name for name in ("config", "data", "cache", "logs")]


def _roots_of_the_system() -> list[Path]:
    folders = platformdirs.PlatformDirs(_NAME, appauthor=False, roaming=False)
    logs = folders.user_log_path if sys.platform == "darwin" else folders.user_state_path / "logs"
    return [folders.user_config_path, folders.user_data_path, folders.user_cache_path, logs]


def _runtime_dir(environ: Mapping[str, str]) -> Path:
    """The first folder that is short enough for a socket's address."""
    private = f"{_NAME}-{_user()}"
    candidates = [Path(tempfile.gettempdir(), private), Path("/tmp", private)]  # noqa: S108 - checked in `ensure`
    session = environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(session) and os.path.isdir(session):
        candidates.insert(0, Path(session, _NAME))
    longest = _SOCKET_PATH_BYTES - _DIGEST_CHARS - len("/.sock")
    fitting = (folder for folder in candidates if len(os.fsencode(folder)) <= longest)
    return next(fitting, candidates[-1])


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else "user"


def _digest(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:_DIGEST_CHARS]


def _usable(folder: Path) -> None:
    try:
        _make_private(folder)
    except OSError as error:
        raise SettingsError(
            "paths", f"The folder {folder} cannot be used: {error.strerror or error}."
        ) from error


def _make_private(folder: Path) -> None:
    missing = [path for path in folder.parents if not path.exists()]
    for path in (*reversed(missing), folder):
        path.mkdir(mode=0o700, exist_ok=True)
    if os.name == "posix" and folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def _refuse_a_trap(folder: Path) -> None:
    """The temporary folder is everybody's: another user may have laid ours out beforehand."""
    facts = folder.lstat()
    foreign = hasattr(os, "getuid") and facts.st_uid != os.getuid()
    if foreign or not stat.S_ISDIR(facts.st_mode):
        raise SettingsError("paths", f"The folder {folder} belongs to somebody else; remove it.")
