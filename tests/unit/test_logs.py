import io
import json
import logging
import os
import threading
import time
import warnings

import pytest

from grokdesk.kernel.logfile import LogFile
from grokdesk.kernel.loglines import LogLine, render_human, render_json
from grokdesk.kernel.logs import Logs, request_id, wants_colour
from grokdesk.kernel.logwriter import LogWriter

log = logging.getLogger("grokdesk.test")
SECRET = "eyJhbGciOiJIUzI1NiJ9.canary.canary"


@pytest.fixture
def terminal():
    return io.StringIO()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "grokdesk.log"


@pytest.fixture
def logs(terminal, file):
    return Logs(file=file, stream=terminal)


def entries(file):
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_a_line_reaches_terminal_file_and_ring(logs, terminal, file):
    with logs:
        log.info("listening on %s", "127.0.0.1")
    assert "INFO".lower() in terminal.getvalue()
    assert "listening on 127.0.0.1  (grokdesk.test)" in terminal.getvalue()
    assert [line.message for line in logs.ring.since()] == ["listening on 127.0.0.1"]
    (entry,) = entries(file)
    assert (entry["level"], entry["message"]) == ("info", "listening on 127.0.0.1")
    assert entry["at"].endswith("+00:00")


def test_lines_carry_the_id_of_the_request_they_belong_to(logs, terminal, file):
    with logs:
        mark = request_id.set("req_7")
        log.info("inside")
        request_id.reset(mark)
        log.info("outside")
    assert [entry.get("request") for entry in entries(file)] == ["req_7", None]
    assert "req_7 inside" in terminal.getvalue()


def test_no_secret_reaches_any_of_them(logs, terminal, file):
    logs.redactor.register_secret("Opaque-canary-0123456789")
    with logs:
        log.info("token %s", SECRET)
        log.warning("saw Opaque-canary-0123456789")
        try:
            raise ValueError(f"sso={SECRET}; is no cookie of mine")
        except ValueError:
            log.exception("failed with %s", SECRET)
    everything = terminal.getvalue() + file.read_text() + repr(logs.ring.since())
    assert "canary" not in everything
    assert "is no cookie of mine" in everything


def test_a_message_cannot_forge_a_line_or_drive_the_terminal(logs, terminal, file):
    with logs:
        log.info("model %s is unknown", "x\n12:00:00 info forged\x1b[2J\u202e")
    assert len(terminal.getvalue().splitlines()) == 1
    assert "\x1b" not in terminal.getvalue()
    assert len(entries(file)) == 1


def test_a_traceback_is_indented_so_that_its_message_cannot_pose_as_a_line(logs, terminal):
    with logs:
        try:
            raise ValueError("first\n12:00:00 error forged\x1b[2J")
        except ValueError:
            log.exception("it failed")
    first, *others = terminal.getvalue().splitlines()
    assert "it failed" in first
    assert any("forged" in line for line in others)
    assert all(line.startswith("    ") for line in others)
    assert "\x1b" not in terminal.getvalue()


def test_a_request_id_from_outside_is_made_harmless(logs, terminal):
    with logs:
        mark = request_id.set("a\nb")
        log.info("hello")
        request_id.reset(mark)
    assert len(terminal.getvalue().splitlines()) == 1


def test_a_bad_log_call_is_logged_and_fails_nobody(logs, file, monkeypatch):
    # pytest's own handlers fail on purpose where ours do not.
    monkeypatch.setattr(logging.getLogger(), "handlers", [])

    class Hostile:
        def __str__(self):
            raise RuntimeError("no")

    with logs:
        log.info("%d pieces", "many")
        log.info("%s", Hostile())
    assert [entry["message"] for entry in entries(file)] == [
        "'%d pieces' (its arguments do not fit)",
        "'%s' (its arguments do not fit)",
    ]


def test_an_endless_message_is_cut(logs, file):
    with logs:
        log.info("x" * 100_000)
    (entry,) = entries(file)
    assert len(entry["message"]) < 5_000
    assert entry["message"].endswith("… (100000 characters)")


def test_exc_info_without_an_exception_adds_nothing(logs, file):
    with logs:
        log.error("calm", exc_info=True)  # noqa: LOG014 - what is tested
    assert "traceback" not in entries(file)[0]


def test_a_surrogate_does_not_stop_the_file(logs, file):
    with logs:
        log.info("half \ud83d of it")
    assert entries(file)[0]["message"] == "half \\ud83d of it"


def test_the_level_can_be_changed_while_running(logs, file):
    with logs:
        log.debug("no")
        logs.set_level("debug")
        log.debug("yes")
        logs.set_level("error")
        log.warning("no")
    assert [entry["message"] for entry in entries(file)] == ["yes"]


def test_an_unknown_level_is_a_key_error():
    with pytest.raises(KeyError):
        Logs(level="loud")


def test_libraries_that_log_values_are_quiet_even_at_debug(file):
    with Logs(file=file, level="debug"):
        logging.getLogger("peewee").debug("SELECT ... ('a value')")
        log.debug("ours")
    assert [entry["message"] for entry in entries(file)] == ["ours"]


def test_warnings_of_python_are_logged_while_it_runs(logs, file):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        with logs:
            warnings.warn("old thing", DeprecationWarning, stacklevel=1)
    assert "old thing" in entries(file)[0]["message"]


def test_stop_leaves_the_root_logger_as_it_was(logs):
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("peewee").level)
    with logs:
        assert (root.level, list(root.handlers)) != before[:2]
    assert (root.level, list(root.handlers), logging.getLogger("peewee").level) == before


def test_the_ring_keeps_the_newest_lines_and_gives_those_after_a_serial():
    logs = Logs(ring_size=3)
    with logs:
        for number in range(5):
            log.info("line %d", number)
    assert [line.message for line in logs.ring.since()] == ["line 2", "line 3", "line 4"]
    newest = logs.ring.since()[-1].serial
    assert [line.serial for line in logs.ring.since(newest - 1)] == [newest]
    assert logs.ring.since(newest) == ()


def test_a_flood_from_one_place_is_cut_and_counted_while_others_are_heard(file):
    logs = Logs(file=file, ring_size=10_000)
    with logs:
        _flood_of(1_500, minute=100)
        log.warning("from elsewhere")
        _flood_of(1, minute=101)
    messages = [line.message for line in logs.ring.since()]
    assert messages.count("bad request") == 1_000
    assert "from elsewhere" in messages
    assert messages[-1] == "bad request [and 500 more like it in the minute before]"


def test_debug_lines_are_never_counted_as_a_flood():
    logs = Logs(level="debug", ring_size=10_000)
    with logs:
        _flood_of(1_200, minute=100, level=logging.DEBUG)
    assert len(logs.ring.since()) == 1_200


def _flood_of(count, minute, level=logging.INFO):
    for _ in range(count):
        record = log.makeRecord(log.name, level, "guard.py", 7, "bad request", (), None)
        record.created = minute * 60.0
        log.handle(record)


def test_a_paused_terminal_does_not_hold_up_whoever_logs():
    release = threading.Event()

    class Paused(io.StringIO):
        def write(self, text):
            release.wait(10)
            return super().write(text)

    stream = Paused()
    started = time.perf_counter()
    writer = LogWriter(None, stream, colour=False)
    writer.start()
    for number in range(8_000):
        writer.put(LogLine(number, 0.0, "info", "x", f"line {number}"))
    assert time.perf_counter() - started < 5
    release.set()
    writer.put(LogLine(9_999, 0.0, "info", "x", "the last"))
    writer.stop(timeout=5)
    assert "log lines were dropped" in stream.getvalue()
    assert "line 0" in stream.getvalue()


def test_a_stream_closed_by_its_owner_ends_nothing(file):
    stream = io.StringIO()
    logs = Logs(file=file, stream=stream)
    with logs:
        stream.close()
        log.info("still here")
    assert entries(file)[0]["message"] == "still here"


def test_a_file_that_cannot_be_written_is_said_once_on_the_terminal(tmp_path, terminal):
    logs = Logs(file=tmp_path / "missing" / "grokdesk.log", stream=terminal)
    with logs:
        log.info("one")
        while "one" not in terminal.getvalue():
            time.sleep(0.01)
        log.info("two")
    text = terminal.getvalue()
    assert text.count("The log file cannot be written: No such file or directory.") == 1
    assert "two" in text


@pytest.mark.parametrize(
    ("tty", "environ", "coloured"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(tty, environ, coloured):
    stream = io.StringIO()
    stream.isatty = lambda: tty
    assert wants_colour(stream, environ) is coloured


def test_colour_marks_what_needs_an_action_alone():
    line = LogLine(1, 0.0, "warning", "x", "hot")
    assert "\x1b[33mwarning" in render_human(line, colour=True)
    assert "\x1b" not in render_human(line)
    assert "\x1b" not in render_human(LogLine(1, 0.0, "info", "x", "fine"), colour=True)


def test_a_line_of_the_file_holds_the_traceback_as_one_field():
    entry = json.loads(render_json(LogLine(1, 0.0, "error", "x", "m", "req", "a\nb")))
    assert entry == {
        "at": "1970-01-01T00:00:00.000+00:00",
        "level": "error",
        "logger": "x",
        "message": "m",
        "request": "req",
        "traceback": "a\nb",
    }


def test_the_file_is_readable_by_its_user_alone(file):
    old = os.umask(0)
    try:
        written = LogFile(file)
        written.write([b"line"])
        written.close()
    finally:
        os.umask(old)
    assert file.stat().st_mode & 0o777 == 0o600 or os.name == "nt"


def test_the_file_rotates_and_the_oldest_is_forgotten(file):
    rotating = LogFile(file, max_bytes=100, files=3)
    for number in range(40):
        rotating.write([b"%08d" % number])
    rotating.close()
    names = sorted(path.name for path in file.parent.iterdir())
    assert names == ["grokdesk.log", "grokdesk.log.1", "grokdesk.log.2"]
    assert all(path.stat().st_size <= 100 for path in file.parent.iterdir())
    assert file.read_text().splitlines()[-1] == "00000039"
    kept = [
        int(line)
        for name in reversed(names)
        for line in (file.parent / name).read_text().splitlines()
    ]
    assert kept == list(range(kept[0], 40))


def test_a_restart_continues_the_file(file):
    for number in (b"1", b"2"):
        rotating = LogFile(file)
        rotating.write([number])
        rotating.close()
    assert file.read_bytes() == b"1\n2\n"


def test_a_line_larger_than_the_file_goes_in_whole(file):
    rotating = LogFile(file, max_bytes=10)
    rotating.write([b"x" * 50])
    rotating.close()
    assert file.stat().st_size == 51


def test_the_file_works_again_once_the_disk_does(tmp_path):
    path = tmp_path / "later" / "grokdesk.log"
    rotating = LogFile(path)
    with pytest.raises(OSError, match="No such file"):
        rotating.write([b"lost"])
    path.parent.mkdir()
    rotating.write([b"kept"])
    rotating.close()
    assert path.read_bytes() == b"kept\n"


def test_after_a_failure_the_file_is_opened_anew(file, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    rotating = LogFile(file)
    rotating.write([b"before"])
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            rotating.write([b"lost"])
    file.unlink()
    rotating.write([b"after"])
    rotating.close()
    assert file.read_bytes() == b"after\n"


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="links of POSIX")
def test_a_link_in_place_of_the_file_is_not_followed(file, tmp_path):
    (tmp_path / "victim").write_text("precious")
    file.symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="symbolic links"):
        LogFile(file).write([b"x"])
    assert (tmp_path / "victim").read_text() == "precious"
