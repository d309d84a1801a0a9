"""packaging/dev.py, which runs before anything is installed."""

import hashlib
import importlib
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WHEEL = "pip-99.1-py3-none-any.whl"


@pytest.fixture
def devtool(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "packaging")
    return lambda name: importlib.import_module(f"devtool.{name}")


def test_the_lock_files_belong_to_the_requirements_of_this_tree(devtool):
    assert devtool("locks").stale() == []


def test_each_set_pins_the_versions_that_developers_test(devtool):
    tested = _pins("dev")
    for name in ("core", "desktop"):
        assert _pins(name) <= tested


def test_a_gateway_without_windows_needs_no_qt(devtool):
    assert not any("pyside" in pin or "shiboken" in pin for pin in _pins("core"))


def test_no_lock_names_a_place_to_install_from():
    for file in (ROOT / "requirements").glob("*.txt"):
        text = file.read_text()
        assert "--index" not in text
        assert "://" not in text


def test_what_is_published_as_source_only_is_built_apart_from_the_wheels(devtool):
    lock = (
        "# head\na==1 \\\n    --hash=sha256:aa\nforbiddenfruit==2 \\\n    --hash=sha256:bb\nc==3\n"
    )
    source_only, wheels = devtool("locks")._split(lock)
    assert source_only == "forbiddenfruit==2 \\\n    --hash=sha256:bb\n"
    assert wheels == "# head\na==1 \\\n    --hash=sha256:aa\nc==3\n"


@pytest.mark.parametrize(
    ("arguments", "core", "windows", "options"),
    [
        (["-k", "pool"], [], [], ["-k", "pool"]),
        (["tests/unit", "-x"], ["tests/unit"], [], ["-x"]),
        (["tests/ui/conftest.py"], [], ["tests/ui/conftest.py"], []),
        (["tests/ui", "tests/wire"], ["tests/wire"], ["tests/ui"], []),
    ],
)
def test_paths_go_to_the_process_that_can_run_them(devtool, arguments, core, windows, options):
    assert devtool("pytests")._sort(arguments) == (core, windows, options)


@pytest.mark.parametrize(
    ("codes", "selective", "verdict"),
    [
        ([0, 0], False, 0),
        ([0, 1], False, 1),
        ([2, 0], True, 2),
        ([0, 5], True, 0),
        ([5, 5], True, 5),
        ([0, 5], False, 5),
    ],
)
def test_no_failure_hides_behind_the_other_process(devtool, codes, selective, verdict):
    assert devtool("pytests")._worst(codes, selective=selective) == verdict


@pytest.mark.parametrize("arguments", [["serve"], ["--version"], ["keys", "list"]])
def test_what_answers_in_the_terminal_asks_for_no_windows(devtool, monkeypatch, arguments):
    monkeypatch.setenv("DISPLAY", ":0")
    assert not devtool("verbs")._opens_windows(arguments)


@pytest.mark.skipif(sys.platform != "linux", reason="a display is a variable there")
def test_windows_open_where_there_is_a_display(devtool, monkeypatch):
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    assert devtool("verbs")._opens_windows(["--demo"])
    monkeypatch.delenv("DISPLAY")
    assert not devtool("verbs")._opens_windows(["--demo"])


@pytest.mark.skipif(sys.platform != "linux", reason="packages of Debian")
def test_only_what_is_absent_is_asked_for(devtool):
    system = devtool("system")
    needs = {"no-such-program": "b", "sh": "x", "/etc/*": "x", "libno-such.so.1": "a"}
    if system._libraries() is None:
        pytest.skip("no list of libraries here")
    assert system.missing(needs) == ["a", "b"]


def test_a_child_compiles_its_modules_even_if_the_shell_forbids_it(devtool, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in devtool("console").child_env()


def test_an_unknown_word_is_wrong_usage():
    tool = [sys.executable, ROOT / "packaging" / "dev.py", "rnu"]
    result = subprocess.run(tool, capture_output=True, text=True)
    assert result.returncode == 2
    assert "there is no 'rnu'" in result.stderr


@pytest.fixture
def index(monkeypatch, tmp_path):
    """A package index that offers one wheel of pip, and what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append((self.path, self.headers.get("Authorization")))
            page = f'<a href="../../files/{WHEEL}#sha256=00">pip</a>'.encode()
            body = page if self.path.endswith("/pip/") else b"a wheel"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    address = f"http://ann:s%40y@127.0.0.1:{server.server_port}/simple"
    monkeypatch.setenv("PIP_INDEX_URL", address)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_pip_comes_from_the_users_index_with_its_login(devtool, index, monkeypatch, tmp_path):
    wheel = _fetch(devtool, monkeypatch, tmp_path, hashlib.sha256(b"a wheel").hexdigest())
    assert wheel.read_bytes() == b"a wheel"
    login = "Basic YW5uOnNAeQ=="
    assert index.asked == [("/simple/pip/", login), (f"/files/{WHEEL}", login)]


def test_a_pip_with_another_hash_is_refused(devtool, index, monkeypatch, tmp_path):
    with pytest.raises(devtool("console").ToolError, match=r"hash is not in requirements/pip\.txt"):
        _fetch(devtool, monkeypatch, tmp_path, "0" * 64)
    assert not list(tmp_path.glob("*.whl"))


def _fetch(devtool, monkeypatch, folder, digest):
    pipwheel = devtool("pipwheel")
    lock = folder / "pip.txt"
    lock.write_text(f"pip==99.1 \\\n    --hash=sha256:{digest}\n")
    monkeypatch.setattr(pipwheel, "LOCK", lock)
    return pipwheel.fetch(folder)


def _pins(name):
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    return {line.split()[0] for line in lines if line[:1].isalpha()}
