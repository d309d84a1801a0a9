import os
import random

import pytest

from grokdesk.domain.errors import SettingsError
from grokdesk.settings.file import SettingsFile
from tests.depth import tries

GOOD = "# note\n[gateway]\nport = 9000\n"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "settings.toml"


def opened(path):
    file = SettingsFile(path)
    return file, file.open()


def bad_copies(path):
    return sorted(path.parent.glob("settings.toml.bad-*"))


def test_no_file_means_defaults_and_no_notice(path):
    _, reading = opened(path)
    assert (dict(reading.values), reading.notices) == ({}, ())
    assert not path.exists()


def test_a_good_file_gives_its_values(path):
    path.write_text(GOOD)
    _, reading = opened(path)
    assert (dict(reading.values), reading.notices) == ({"gateway.port": 9000}, ())


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(path):
    path.write_bytes(b"\xef\xbb\xbf[gateway]\r\nport = 9000\r\n")
    assert dict(opened(path)[1].values) == {"gateway.port": 9000}


def test_a_bad_value_is_named_and_the_rest_counts(path):
    path.write_text("[gateway]\nport = -5\nmax_body_mb = 32\n")
    _, reading = opened(path)
    assert dict(reading.values) == {"gateway.max_body_mb": 32}
    assert reading.rejected == {"gateway.port"}
    (notice,) = reading.notices
    assert notice == (
        "settings.toml: gateway.port = -5: must be between 0 and 65535. It is ignored."
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"[gateway]\nport = = 1", "line 2"),
        (b"\xff\xfe\x00", "byte 1 is not UTF-8"),
        (b"#" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_a_broken_file_is_kept_aside_and_the_last_good_one_counts(path, data, reason):
    path.write_text(GOOD)
    opened(path)
    path.write_bytes(data)
    _, reading = opened(path)
    assert dict(reading.values) == {"gateway.port": 9000}
    (notice,) = reading.notices
    assert reason in notice
    assert "last good state" in notice
    (copy,) = bad_copies(path)
    assert copy.name in notice
    assert copy.read_bytes() == data
    assert path.read_bytes() == data


def test_a_broken_file_without_an_earlier_good_one_means_defaults(path):
    path.write_text("port = = 1")
    _, reading = opened(path)
    assert dict(reading.values) == {}
    assert "The defaults are in force" in reading.notices[0]


def test_a_second_start_makes_no_second_copy(path):
    path.write_text("port = = 1")
    opened(path)
    opened(path)
    assert len(bad_copies(path)) == 1


@pytest.mark.skipif(os.name == "nt", reason="file modes of POSIX")
def test_every_file_that_is_written_is_for_its_user_alone(path):
    file, _ = opened(path)
    file.save({"gateway.port": 1})
    path.write_text("broken = = 1")
    opened(path)
    modes = {entry.name: entry.stat().st_mode & 0o777 for entry in path.parent.iterdir()}
    del modes["settings.toml"]
    assert set(modes.values()) == {0o600}
    assert len(modes) == 2


def test_a_folder_in_place_of_the_file_is_a_notice(path):
    path.mkdir()
    _, reading = opened(path)
    assert "cannot be read (Is a directory)" in reading.notices[0]


def test_saving_changes_the_keys_and_keeps_the_rest(path):
    path.write_text(GOOD)
    file, _ = opened(path)
    reading = file.save({"gateway.port": 9001})
    assert dict(reading.values) == {"gateway.port": 9001}
    assert path.read_text() == GOOD.replace("9000", "9001")


def test_saving_over_a_broken_file_starts_from_the_last_good_one_and_keeps_a_copy(path):
    path.write_text(GOOD)
    opened(path)
    path.write_text("port = = 1")
    file, _ = opened(path)
    file.save({"ui.theme": "dark"})
    assert path.read_text().startswith("# note\n[gateway]\nport = 9000\n")
    assert dict(opened(path)[1].values) == {"gateway.port": 9000, "ui.theme": "dark"}
    assert [copy.read_text() for copy in bad_copies(path)] == ["port = = 1"]


def test_rereading_what_has_not_changed_gives_nothing(path):
    path.write_text(GOOD)
    file, _ = opened(path)
    assert file.reread() is None
    os.utime(path, (1, 1))
    assert file.reread() is None
    file.save({"ui.theme": "dark"})
    assert file.reread() is None


def test_rereading_gives_an_edit_once(path):
    file, _ = opened(path)
    path.write_text(GOOD)
    assert dict(file.reread().values) == {"gateway.port": 9000}
    assert file.reread() is None


def test_rereading_a_broken_edit_fails_once(path):
    file, _ = opened(path)
    path.write_text("port = = 1")
    with pytest.raises(SettingsError):
        file.reread()
    assert file.reread() is None
    assert bad_copies(path) == []


def test_a_file_that_was_broken_at_the_start_is_not_reported_as_an_edit(path):
    path.write_text("port = = 1")
    file, _ = opened(path)
    assert file.reread() is None


def test_the_last_good_state_outlives_a_deleted_file(path):
    path.write_text(GOOD)
    opened(path)
    path.unlink()
    opened(path)
    path.write_text("port = = 1")
    assert dict(opened(path)[1].values) == {"gateway.port": 9000}


def test_a_deleted_file_is_an_empty_one(path):
    path.write_text(GOOD)
    file, _ = opened(path)
    path.unlink()
    assert dict(file.reread().values) == {}


def test_the_signature_differs_after_an_edit(path):
    file, _ = opened(path)
    assert file.signature() is None
    path.write_text(GOOD)
    first = file.signature()
    path.write_text(GOOD + "#")
    assert first != file.signature()
    assert first is not None


def test_a_last_good_file_that_is_broken_itself_means_defaults(path):
    path.write_text("a = = 1")
    path.with_name("settings.toml.last-good").write_text("b = = 1")
    assert "The defaults are in force" in opened(path)[1].notices[0]


def test_a_folder_that_takes_no_copies_does_not_keep_the_program_from_starting(path, monkeypatch):
    def read_only(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("grokdesk.settings.file.write_atomically", read_only)
    path.write_text(GOOD)
    assert dict(opened(path)[1].values) == {"gateway.port": 9000}
    path.write_text("a = = 1")
    (notice,) = opened(path)[1].notices
    assert "is broken" in notice
    assert "A copy" not in notice


def test_mangled_files_all_start_with_the_last_good_settings_or_valid_ones(path):
    chance = random.Random(7)
    path.write_text(GOOD)
    opened(path)
    last_good = path.with_name("settings.toml.last-good").read_bytes()
    broken, files = 0, tries(250, 1_000)
    for _ in range(files):
        data = bytearray(GOOD.encode() * 3 if chance.random() < 0.3 else GOOD.encode())
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data))
            match chance.randrange(3):
                case 0:
                    data[at] = chance.randrange(256)
                case 1:
                    del data[at:]
                    data += b"["
                case _:
                    data[at:at] = bytes(chance.choices(b"[]=\"'\n.#{}0x", k=3))
        path.write_bytes(data)
        path.with_name("settings.toml.last-good").write_bytes(last_good)
        file, reading = opened(path)
        if "is broken" in " ".join(reading.notices):
            broken += 1
            assert dict(reading.values) == {"gateway.port": 9000}
            assert any(copy.read_bytes() == data for copy in bad_copies(path))
        reading = file.save({"ui.theme": "dark"})
        assert reading.values["ui.theme"] == "dark"
        for copy in bad_copies(path):
            copy.unlink()
    assert files / 5 < broken < files
