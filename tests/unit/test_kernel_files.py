import os

import pytest

from grokdesk.kernel.files import write_atomically

pytestmark = pytest.mark.skipif(os.name == "nt", reason="file modes and links of POSIX")


def test_a_new_file_is_readable_by_its_user_alone(tmp_path):
    path = tmp_path / "settings.toml"
    old = os.umask(0)
    try:
        write_atomically(path, b"one")
    finally:
        os.umask(old)
    assert path.read_bytes() == b"one"
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_open_reader_keeps_the_old_content_whole(tmp_path):
    path = tmp_path / "settings.toml"
    write_atomically(path, b"old")
    with path.open("rb") as reader:
        write_atomically(path, b"new")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new"


def test_nothing_else_is_left_in_the_folder(tmp_path):
    path = tmp_path / "settings.toml"
    (tmp_path / ".settings.toml.tmp").write_bytes(b"from a crash")
    write_atomically(path, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["settings.toml"]


def test_a_symbolic_link_stays_a_link(tmp_path):
    (tmp_path / "dotfiles").mkdir()
    target = tmp_path / "dotfiles" / "grokdesk.toml"
    target.write_bytes(b"old")
    link = tmp_path / "settings.toml"
    link.symlink_to(target)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_failure_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    path = tmp_path / "settings.toml"
    write_atomically(path, b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["settings.toml"]


def test_the_folder_is_synced_after_the_rename(tmp_path, monkeypatch):
    kinds = []
    real = os.fsync

    def spy(descriptor):
        kinds.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")
        real(descriptor)

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("needs /proc")
    monkeypatch.setattr(os, "fsync", spy)
    write_atomically(tmp_path / "a", b"x")
    assert kinds == ["file", "folder"]
