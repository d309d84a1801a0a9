import logging
import stat
from pathlib import Path

import pytest

from grokdesk.ui.ui_state import UiState


def test_values_survive_a_restart(tmp_path: Path) -> None:
    state = UiState(tmp_path / "config" / "window.json")
    state.set("told", True)
    state.set("page", "accounts")
    state.set("geometry", b"\x00\xff\x01")
    again = UiState(tmp_path / "config" / "window.json")
    assert again.flag("told")
    assert again.text("page") == "accounts"
    assert again.blob("geometry") == b"\x00\xff\x01"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", b"\xff\xfe", b'{"geometry": 5, "told": "yes"}']
)
def test_a_damaged_file_is_an_empty_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "window.json"
    path.write_bytes(content)
    state = UiState(path)
    assert state.blob("geometry") is None
    assert not state.flag("told")


def test_the_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "window.json"
    UiState(path).set("told", True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_failed_write_is_logged_and_harmless(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    state = UiState(blocker / "window.json")
    with caplog.at_level(logging.WARNING):
        state.set("told", True)
    assert state.flag("told")
    assert "could not be saved" in caplog.text
