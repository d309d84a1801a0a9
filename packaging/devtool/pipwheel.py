"""pip's own wheel from the user's package index, for Pythons that come without ensurepip."""

import base64
import configparser
import hashlib
import os
import re
import ssl
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from devtool.console import ROOT, ToolError

LOCK = ROOT / "requirements" / "pip.txt"
_PUBLIC_INDEX = "https://pypi.org/simple"


def fetch(folder: Path) -> Path:
    """The wheel that requirements/pip.txt names, checked against the hashes written there."""
    version, hashes = _locked()
    name = f"pip-{version}-py3-none-any.whl"
    settings = _pip_settings()
    index = settings.get("index-url", _PUBLIC_INDEX).rstrip("/") + "/pip/"
    try:
        page = _download(index, settings).decode("utf-8", errors="replace")
        link = re.search(rf'href="([^"#]*{re.escape(name)})[#"]', page)
        if link is None:
            raise ToolError(f"The package index does not offer {name}.")
        content = _download(_join(index, link[1]), settings)
    except OSError as error:  # URLError is one
        raise ToolError(f"Could not fetch pip from the package index: {error}") from error
    if hashlib.sha256(content).hexdigest() not in hashes:
        raise ToolError(f"The index sent a {name} whose hash is not in requirements/pip.txt.")
    wheel = folder / name
    wheel.write_bytes(content)
    return wheel


def _locked() -> tuple[str, frozenset[str]]:
    text = LOCK.read_text(encoding="utf-8")
    version = re.search(r"^pip==(\S+)", text, re.MULTILINE)
    if version is None:
        raise ToolError(f"{LOCK} names no pip version.")
    return version[1], frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", text))


def _pip_settings() -> dict[str, str]:
    """index-url and cert, from the places pip itself reads, later ones winning."""
    parser = configparser.RawConfigParser()
    parser.read(_config_files(), encoding="utf-8")
    found: dict[str, str] = {}
    for section in ("global", "install"):
        if parser.has_section(section):
            found |= {key.replace("_", "-"): value for key, value in parser.items(section)}
    for key in ("index-url", "cert"):
        found[key] = os.environ.get(f"PIP_{key.upper().replace('-', '_')}") or found.get(key, "")
    return {key: value for key, value in found.items() if value}


def _config_files() -> list[Path]:
    home = Path.home()
    if sys.platform == "win32":
        system, user = "ProgramData", "APPDATA"
        files = [Path(os.environ.get(name, ".")) / "pip" / "pip.ini" for name in (system, user)]
    elif sys.platform == "darwin":
        places = (Path("/Library/Application Support"), home / "Library/Application Support")
        files = [place / "pip" / "pip.conf" for place in places] + [home / ".config/pip/pip.conf"]
    else:
        files = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf"), home / ".pip/pip.conf"]
        files.append(home / ".config/pip/pip.conf")
    named = os.environ.get("PIP_CONFIG_FILE")
    return [*files, Path(named)] if named else files


def _download(url: str, settings: dict[str, str]) -> bytes:
    parts = urlsplit(url)
    request = urllib.request.Request(_without_login(url))  # noqa: S310 (the user's own index)
    request.add_header("Accept", "text/html")
    if parts.username:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        value = "Basic " + base64.b64encode(login.encode()).decode()
        request.add_unredirected_header("Authorization", value)
    context = ssl.create_default_context(cafile=settings.get("cert"))
    with urllib.request.urlopen(request, timeout=60, context=context) as response:  # noqa: S310
        content: bytes = response.read()
    return content


def _join(index: str, link: str) -> str:
    """The link's address; it keeps the index's login only on the index's own host."""
    joined = urljoin(_without_login(index), link)
    base, target = urlsplit(index), urlsplit(joined)
    if base.username and target.hostname == base.hostname and not target.username:
        return urlunsplit(target._replace(netloc=base.netloc))
    return joined


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
