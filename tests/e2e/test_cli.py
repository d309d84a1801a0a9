"""The command line: what it prints, and the exit codes that scripts rely on."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time

import pytest

from grokdesk import __version__
from tests.e2e.conftest import Program

pytestmark = pytest.mark.e2e

TOKEN = "a-token-for-the-command-line-super"


def test_version_and_help_need_no_folder(bare_program: Program) -> None:
    assert bare_program.run("--version").stdout.strip() == f"Grokdesk {__version__}"
    usage = bare_program.run("--help").stdout
    assert "serve" in usage
    assert max(map(len, usage.splitlines())) <= 80
    assert not (bare_program.home / "home").exists()


def test_wrong_usage_is_exit_code_2(bare_program: Program) -> None:
    for arguments in (["nonsense"], ["--port", "70000"], ["accounts"], ["keys", "create"]):
        assert bare_program.run(*arguments, check=False).returncode == 2


def test_a_new_key_is_all_that_is_printed(bare_program: Program) -> None:
    result = bare_program.run("keys", "create", "--name", "laptop")
    assert result.stdout.startswith("gd-")
    assert len(result.stdout.split()) == 1
    listed = json.loads(bare_program.run("keys", "list", "--json").stdout)["keys"]
    assert [key["name"] for key in listed] == ["laptop"]
    assert result.stdout.strip() not in json.dumps(listed)
    again = bare_program.run("keys", "create", "--name", "laptop", check=False)
    assert again.returncode == 2
    assert again.stdout == ""
    bare_program.run("keys", "revoke", "laptop")
    assert bare_program.run("keys", "revoke", "laptop", check=False).returncode == 2


def test_accounts_are_imported_listed_and_removed_while_nothing_runs(
    bare_program: Program,
) -> None:
    file = bare_program.home / "tokens.txt"
    file.write_text(f"{TOKEN}\nshort\n{TOKEN}\n")
    imported = bare_program.run("accounts", "import", str(file), "--no-probe", "--tier", "heavy")
    assert "Imported 1 account; 1 duplicate, 1 malformed." in imported.stdout
    assert "line 2: too short" in imported.stdout
    accounts = json.loads(bare_program.run("accounts", "list", "--json").stdout)["accounts"]
    assert [(a["tier"], a["state"]) for a in accounts] == [("heavy", "ready")]
    assert TOKEN not in imported.stdout + json.dumps(accounts)
    assert "heavy" in bare_program.run("accounts", "list").stdout
    again = bare_program.run("accounts", "import", "-", "--no-probe", stdin=TOKEN)
    assert "Imported 0 accounts; 1 duplicate" in again.stdout
    bare_program.run("accounts", "remove", accounts[0]["id"])
    assert json.loads(bare_program.run("accounts", "list", "--json").stdout)["accounts"] == []
    missing = bare_program.run("accounts", "remove", "nobody", check=False)
    assert (missing.returncode, missing.stdout) == (2, "")


def test_an_import_with_nothing_usable_fails_with_the_reasons(bare_program: Program) -> None:
    result = bare_program.run("accounts", "import", "-", stdin="short", check=False)
    assert result.returncode == 1
    assert "line 1: too short" in result.stdout
    absent = bare_program.run("accounts", "import", "/no/such/file", check=False)
    assert absent.returncode == 2
    assert "cannot be read" in absent.stderr


def test_without_a_keyring_the_key_file_is_private_and_mentioned(bare_program: Program) -> None:
    result = bare_program.run("accounts", "import", "-", "--no-probe", stdin=TOKEN)
    assert "master.key" in result.stderr
    home = bare_program.home / "home"
    key_file = next(home.rglob("master.key"))
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    loose = [p for p in home.rglob("*") if stat.S_IMODE(p.lstat().st_mode) & 0o077]
    assert loose == []


def test_status_tells_whether_it_runs(bare_program: Program) -> None:
    stopped = bare_program.run("status", "--json", check=False)
    assert (stopped.returncode, json.loads(stopped.stdout)) == (3, {"running": False})
    assert bare_program.run("status", check=False).returncode == 3
    bare_program.serve()
    running = json.loads(bare_program.run("status", "--json").stdout)
    assert running["base_url"] == bare_program.base_url
    assert running["mode"] == "demo"
    assert bare_program.base_url in bare_program.run("status").stdout


def test_a_second_gateway_of_the_same_profile_is_refused(bare_program: Program) -> None:
    bare_program.serve()
    second = bare_program.run("serve", "--port", "0", check=False)
    assert second.returncode == 6
    assert "already running" in second.stderr
    other = Program(bare_program.home, bare_program.environ)
    other.serve("--profile", "other")
    assert other.base_url != bare_program.base_url
    other.stop()


def test_a_taken_port_is_told_with_its_holder_and_an_offer(bare_program: Program) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        result = bare_program.run("serve", "--port", str(port), check=False)
    assert result.returncode == 5
    assert f"Port {port} is already in use by" in result.stderr
    assert f"({os.getpid()})" in result.stderr
    assert "is free" in result.stderr


def test_a_bad_setting_in_the_environment_is_named(bare_program: Program) -> None:
    bare_program.environ["GROKDESK_UPSTREAM_WEB_URL"] = "https://grok.com.evil.example"
    result = bare_program.run("serve", "--port", "0", check=False)
    assert result.returncode == 7
    assert "GROKDESK_UPSTREAM_WEB_URL" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_key_is_printed_at_the_first_start_only(bare_program: Program) -> None:
    process = bare_program.serve()
    first = bare_program.first_key
    assert first.startswith("gd-")
    assert len(first) > 40
    process.terminate()
    assert process.wait(10) == 0
    bare_program.environ["GROKDESK_GATEWAY_DEMO"] = "never"
    bare_program.serve()
    assert len(bare_program.first_key) < 12
    assert bare_program.first_key.endswith(first[-4:])


@pytest.mark.alone
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(bare_program: Program, number: signal.Signals) -> None:
    process = bare_program.serve()
    started = time.monotonic()
    process.send_signal(number)
    assert process.wait(10) == 0
    assert time.monotonic() - started < 3
    assert "Traceback" not in bare_program.log.read_text()


def test_demo_saves_nothing(bare_program: Program) -> None:
    process = bare_program.serve("--demo")
    bare_program.run("accounts", "import", "-", stdin=TOKEN)
    assert bare_program.run("accounts", "list").stdout.count("\n") >= 2
    process.terminate()
    process.wait(10)
    assert "No accounts yet" in bare_program.run("accounts", "list").stdout


def test_what_is_imported_while_nothing_runs_lasts_even_with_demo_always(
    bare_program: Program,
) -> None:
    bare_program.environ["GROKDESK_GATEWAY_DEMO"] = "always"
    saved = bare_program.run("accounts", "import", "-", "--no-probe", stdin=TOKEN).stdout
    listed = json.loads(bare_program.run("accounts", "list", "--json").stdout)["accounts"]
    assert [account["id"] for account in listed] == [saved.split()[1]]


def test_selftest_passes(bare_program: Program) -> None:
    result = bare_program.run("--selftest")
    assert result.stdout.count("ok  ") == 3


def test_a_closed_pipe_is_no_traceback(bare_program: Program) -> None:
    result = subprocess.run(
        f"{sys.executable} -m grokdesk keys list | true",
        shell=True,
        env=bare_program.environ,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "Traceback" not in result.stderr
