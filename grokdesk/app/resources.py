"""Files that come with the program: beside the source, in an installed copy or in a bundle."""

import sys
from pathlib import Path, PurePosixPath

_PACKAGE = Path(__file__).parents[1]


def resource_text(name: str) -> str:
    return resource_path(name).read_text(encoding="utf-8")


def resource_path(name: str) -> Path:
    """`name` is relative, with slashes: `models.toml`, `icons/tray.svg`. FileNotFoundError."""
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or "\\" in name:
        raise ValueError(f"{name!r} leaves the resources")
    for folder in _folders():
        if (path := folder / relative).exists():
            return path
    raise FileNotFoundError(f"the resource {name} is missing from this copy of Grokdesk")


def _folders() -> list[Path]:
    """Only one of them exists: the wheel maps `resources/` to `grokdesk/_resources/`."""
    bundle = getattr(sys, "_MEIPASS", None)
    if bundle:
        return [Path(bundle, "resources")]
    return [_PACKAGE / "_resources", _PACKAGE.parent / "resources"]
