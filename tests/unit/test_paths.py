import os
import socket
import sys
from pathlib import Path

import pytest

from grokdesk.domain.errors import SettingsError
from grokdesk.kernel.paths import Paths

posix = pytest.mark.skipif(os.name == "nt", reason="file modes and sockets of POSIX")


def folders(paths):
    return (paths.config_dir, paths.data_dir, paths.cache_dir, paths.log_dir)


@pytest.fixture
def session(tmp_path):
    """A short runtime folder, as a login session has."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    return {"XDG_RUNTIME_DIR": str(folder)}


@pytest.fixture
def home(tmp_path, session):
    return {"GROKDESK_HOME": str(tmp_path / "home"), **session}


def test_one_variable_puts_everything_under_one_folder(home):
    root = Path(home["GROKDESK_HOME"])
    assert folders(Paths.for_profile(None, home)) == (
        root / "config",
        root / "data",
        root / "cache",
        root / "logs",
    )


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of freedesktop.org")
def test_without_it_the_folders_are_the_systems(monkeypatch, session):
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", f"/x/{name.lower()}")
    monkeypatch.setenv("XDG_CACHE_HOME", "/x/cache")
    assert folders(Paths.for_profile(None, session)) == (
        Path("/x/config/grokdesk"),
        Path("/x/data/grokdesk"),
        Path("/x/cache/grokdesk"),
        Path("/x/state/grokdesk/logs"),
    )


def test_an_empty_variable_counts_as_not_set(session):
    assert Paths.for_profile(None, {"GROKDESK_HOME": "", **session}) == Paths.for_profile(
        None, session
    )


def test_a_home_relative_to_the_user_or_the_folder_becomes_absolute(session, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert Paths.for_profile(None, {"GROKDESK_HOME": "here"}).data_dir == tmp_path / "here/data"
    assert Paths.for_profile(None, {"GROKDESK_HOME": "~/g"}).data_dir == Path.home() / "g/data"


def test_profiles_share_no_folder_file_or_socket(home):
    default = Paths.for_profile(None, home)
    work = Paths.for_profile("work", home)
    assert not set(folders(default)) & set(folders(work))
    assert work.config_dir == default.config_dir / "profiles" / "work"
    assert work.control_socket != default.control_socket
    assert work.lock_file != default.lock_file


@pytest.mark.parametrize("name", ["a", "Work_2", "x-y", "9" * 40])
def test_a_profile_may_have_letters_digits_dash_and_underscore(home, name):
    assert Paths.for_profile(name, home).data_dir.name == name


@pytest.mark.parametrize(
    "name", ["", "..", "a/b", "a b", "ä", "x" * 41, "a\n", "CON", "lpt1", "a.b", "\x1b[31m"]
)
def test_any_other_profile_name_is_refused_in_one_harmless_sentence(home, name):
    with pytest.raises(SettingsError) as caught:
        Paths.for_profile(name, home)
    assert caught.value.key == "profile"
    assert str(caught.value).isprintable()


def test_files_are_where_the_manual_says(home):
    paths = Paths.for_profile(None, home)
    assert paths.settings_file == paths.config_dir / "settings.toml"
    assert paths.models_file == paths.config_dir / "models.toml"
    assert paths.database_file == paths.data_dir / "grokdesk.db"
    assert paths.lock_file.parent == paths.data_dir
    assert paths.control_file.parent == paths.data_dir


@posix
def test_ensure_makes_every_folder_for_this_user_alone_whatever_the_umask(home):
    paths = Paths.for_profile("work", home)
    old = os.umask(0)
    try:
        paths.ensure()
    finally:
        os.umask(old)
    made = [path for path in Path(home["GROKDESK_HOME"]).rglob("*") if path.is_dir()]
    assert {*folders(paths)} <= {*made}
    assert [path for path in (*made, paths.runtime_dir) if path.stat().st_mode & 0o077] == []


@posix
def test_ensure_closes_a_folder_that_was_open_and_leaves_the_one_above_alone(home, tmp_path):
    root = Path(home["GROKDESK_HOME"])
    (root / "data").mkdir(parents=True)
    (root / "data").chmod(0o755)
    root.chmod(0o755)
    Paths.for_profile(None, home).ensure()
    assert (root / "data").stat().st_mode & 0o777 == 0o700
    assert root.stat().st_mode & 0o777 == 0o755


def test_ensure_may_be_called_again(home):
    paths = Paths.for_profile(None, home)
    paths.ensure()
    paths.ensure()
    tag = (paths.cache_dir / "CACHEDIR.TAG").read_text()
    assert tag.startswith("Signature: 8a477f597d28d172789f06886806bc55\n")


def test_a_file_in_the_way_of_a_folder_is_named(home):
    root = Path(home["GROKDESK_HOME"])
    root.mkdir()
    (root / "data").write_text("in the way")
    with pytest.raises(SettingsError, match="data cannot be used"):
        Paths.for_profile(None, home).ensure()


@posix
@pytest.mark.skipif(getattr(os, "getuid", int)() == 0, reason="root may write everywhere")
def test_a_home_that_cannot_be_written_is_named(home, tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(SettingsError, match="cannot be used"):
            Paths.for_profile(None, home).ensure()
    finally:
        tmp_path.chmod(0o700)


@posix
def test_the_control_socket_fits_into_an_address_however_deep_the_home_is(home, session):
    deep = {"GROKDESK_HOME": "/x" + "/a-rather-long-folder-name" * 20, **session}
    path = Paths.for_profile("p" * 40, deep).control_socket
    assert len(os.fsencode(path)) <= 103


@posix
def test_a_socket_can_be_bound_at_the_control_socket(home):
    paths = Paths.for_profile(None, home)
    paths.ensure()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(paths.control_socket))


@posix
def test_the_socket_is_in_the_session_folder_when_there_is_a_short_one(home, tmp_path):
    runtime = Paths.for_profile(None, home).runtime_dir
    assert runtime == tmp_path / "run" / "grokdesk" or len(str(tmp_path)) > 60


@posix
@pytest.mark.parametrize("session_dir", ["", "relative", "/does/not/exist", "/" + "x" * 200])
def test_without_a_usable_session_folder_it_is_in_a_private_temporary_one(home, session_dir):
    runtime = Paths.for_profile(None, {**home, "XDG_RUNTIME_DIR": session_dir}).runtime_dir
    assert runtime.name == f"grokdesk-{os.getuid()}"


@posix
def test_a_temporary_folder_that_is_too_deep_is_passed_over(home, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", "/tmp/" + "deep/" * 40)
    runtime = Paths.for_profile(None, {**home, "XDG_RUNTIME_DIR": ""}).runtime_dir
    assert runtime.parent == Path("/tmp")


@posix
def test_a_runtime_folder_laid_out_as_a_link_by_somebody_else_is_refused(home, tmp_path):
    (tmp_path / "trap").mkdir(mode=0o700)
    (tmp_path / "run" / "grokdesk").symlink_to(tmp_path / "trap")
    paths = Paths.for_profile(None, home)
    if paths.runtime_dir.parent != tmp_path / "run":
        pytest.skip("the temporary folder is too deep for a socket")
    with pytest.raises(SettingsError, match="belongs to somebody else"):
        paths.ensure()
