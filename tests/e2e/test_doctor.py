"""`grokdesk doctor` and its relatives: the real process in front of every kind of trouble."""

import datetime
import json
import os
import pty
import socket
import subprocess
import sys
import time
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ROOT, Program, SimulatorProcess

pytestmark = pytest.mark.e2e

HEALTHY = "the-healthy-account-token-super"
SESSION = "/api/auth/session"
CHALLENGE = {
    "status": 403,
    "body": "<!DOCTYPE html><title>Just a moment...</title>",
    "headers": {"Content-Type": "text/html", "cf-mitigated": "challenge"},
}
ANTI_BOT = {
    "status": 403,
    "body": '{"error":{"code":7,"message":"Request rejected by anti-bot rules."}}',
}


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def doctor(program: Program, *arguments: str) -> tuple[dict[str, Any], int]:
    """By id, and the exit code."""
    result = program.run("doctor", "--json", *arguments, check=False)
    assert "Traceback" not in result.stderr, result.stderr
    report = json.loads(result.stdout)
    assert (report["status"] == "fail") is (result.returncode == 1)
    return {check["id"]: check for check in report["checks"]}, result.returncode


def account_checks(checks: dict[str, Any]) -> list[dict[str, Any]]:
    return [check for id, check in checks.items() if id.startswith("account:")]


def probed(program: Program, *names: str) -> tuple[dict[str, dict[str, Any]], int]:
    """By the end of the token, and the exit code."""
    result = program.run("accounts", "test", "--json", *names, check=False)
    assert "Traceback" not in result.stderr
    accounts = json.loads(result.stdout)["accounts"]
    return {account["token"]: account for account in accounts}, result.returncode


def accounts(program: Program) -> dict[str, dict[str, Any]]:
    listed = json.loads(program.run("accounts", "list", "--json").stdout)["accounts"]
    return {account["token"]: account for account in listed}


def bring(program: Program, *tokens: str) -> None:
    program.run("accounts", "import", "-", "--no-probe", stdin="\n".join(tokens))


@pytest.fixture(params=["running", "not running"])
def prepared(request: pytest.FixtureRequest, program: Program) -> Program:
    """With one healthy account."""
    bring(program, HEALTHY)
    if request.param == "running":
        program.serve()
    else:
        program.key()
    return program


@pytest.fixture
def running(program: Program) -> Program:
    bring(program, HEALTHY)
    program.serve()
    return program


def test_all_is_well(prepared: Program, simulator: SimulatorProcess) -> None:
    checks, code = doctor(prepared, "--probe")
    troubles = {i: c for i, c in checks.items() if c["status"] != "ok"}
    troubles.pop("port", None)  # any port will do here, also while nothing runs
    assert (troubles, code) == ({}, 0)
    assert list(checks)[:10] == [
        "version",
        "settings",
        "vault",
        "database",
        "port",
        "keys",
        "network",
        "clock",
        "upstream",
        "accounts",
    ]
    (account,) = account_checks(checks)
    assert account["details"]["verdict"] == "ok"
    assert simulator.stats()["chats"] == {}, "no request was spent"
    text = prepared.run("doctor").stdout
    assert "All is well." in text
    assert "without trouble" in text


TROUBLES = {
    "401": ("session_expired", "expired", "import the new token"),
    "blocked": ("account_blocked", "blocked", "Sign in at grok.com"),
    "cf": ("challenge", "ready", "another network"),
    "429": ("quota_used", "ready", ""),
    "502": ("overloaded", "ready", ""),
    "forbidden": ("refused_by_rules", "ready", ""),
    "antibot": ("refused_by_rules", "ready", "another network"),
}


def test_each_trouble_of_an_account_gets_its_verdict_and_its_state(
    prepared: Program, simulator: SimulatorProcess
) -> None:
    tokens = {trouble: f"an-account-in-trouble-{trouble}" for trouble in TROUBLES}
    simulator.script(
        accounts={token: {"elsewhere": [trouble] * 40} for trouble, token in tokens.items()}
    )
    bring(prepared, *tokens.values())
    found, code = probed(prepared, "--all")
    assert code == 1
    for trouble, token in tokens.items():
        verdict, state, action = TROUBLES[trouble]
        account = found[f"…{token[-4:]}"]
        assert (account["verdict"], account["state"]) == (verdict, state), trouble
        assert account["sentence"].endswith(".")
        assert action in account["action"], trouble
    healthy = found[f"…{HEALTHY[-4:]}"]
    assert (healthy["status"], healthy["verdict"]) == ("ok", "ok")
    listed = accounts(prepared)
    assert listed["…-401"]["reason"]
    assert "import the new token" in listed["…-401"]["action"]
    assert listed["…-401"]["verdict"] == "session_expired"
    assert simulator.stats()["chats"] == {}, "no request was spent"


def test_an_account_that_works_again_is_ready_again(
    running: Program, simulator: SimulatorProcess
) -> None:
    simulator.script(accounts={HEALTHY: {"elsewhere": ["401"]}})
    dead, code = probed(running, "--all")
    assert (dead["…uper"]["state"], code) == ("expired", 1)
    checks, _ = doctor(running)
    (found,) = account_checks(checks)
    assert (found["status"], found["details"]["verdict"]) == ("fail", "session_expired")
    assert "unauthenticated" in found["details"]["excerpt"]
    assert checks["accounts"]["status"] == "fail"
    alive, code = probed(running, "…uper")
    assert (alive["…uper"]["state"], code) == ("ready", 0)
    assert alive["…uper"]["reason"] == ""


@pytest.mark.parametrize(
    ("override", "verdict", "result"),
    [(CHALLENGE, "challenge", "challenged"), (ANTI_BOT, "refused_by_rules", "refused")],
)
def test_a_site_that_lets_nobody_in_is_no_fault_of_the_accounts(
    running: Program,
    simulator: SimulatorProcess,
    override: dict[str, Any],
    verdict: str,
    result: str,
) -> None:
    simulator.script(overrides={SESSION: override})
    checks, code = doctor(running, "--probe")
    assert code == 1
    assert checks["network"]["details"]["verdict"] == verdict
    (found,) = account_checks(checks)
    assert (found["details"]["verdict"], found["details"]["state"]) == (verdict, "ready")
    reach = running.run("egress", "test", "--json", check=False)
    assert reach.returncode == 1
    assert json.loads(reach.stdout)["result"] == result
    assert accounts(running)["…uper"]["state"] == "ready"


def test_a_wrong_clock_is_found_and_explains_a_refused_token(
    running: Program, simulator: SimulatorProcess
) -> None:
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=10)
    simulator.script(
        overrides={
            SESSION: {
                "status": 401,
                "body": "",
                "headers": {"Date": format_datetime(later, usegmt=True)},
            }
        }
    )
    checks, code = doctor(running, "--probe")
    assert code == 1
    assert checks["network"]["status"] == "ok"
    assert "10 minutes slow" in checks["clock"]["sentence"]
    (found,) = account_checks(checks)
    assert found["details"]["verdict"] == "clock_skew"


def test_a_dead_upstream_is_told_at_once_and_no_account_suffers(
    program: Program,
) -> None:
    program.environ["GROKDESK_UPSTREAM_WEB_URL"] = f"http://127.0.0.1:{closed_port()}"
    bring(program, HEALTHY)
    program.serve()
    started = time.monotonic()
    checks, code = doctor(program, "--probe")
    assert time.monotonic() - started < 15
    assert code == 1
    assert checks["network"]["details"]["verdict"] == "local_network"
    assert checks["clock"]["status"] == "skipped"
    (found,) = account_checks(checks)
    assert found["details"]["verdict"] == "local_network"
    assert accounts(program)["…uper"]["state"] == "ready"


def test_a_dead_proxy_is_told_without_its_password(program: Program) -> None:
    word = "pr0xyw0rd-canary"
    proxy = f"http://ann:{word}@127.0.0.1:{closed_port()}"
    bring(program, HEALTHY)
    chosen = program.run("egress", "proxy", stdin=proxy)
    program.serve()
    result = program.run("doctor", "--json", "--probe", check=False)
    checks = {check["id"]: check for check in json.loads(result.stdout)["checks"]}
    assert checks["network"]["details"]["verdict"] == "local_network"
    assert "proxy" in checks["network"]["sentence"]
    (found,) = account_checks(checks)
    assert found["details"]["state"] == "ready"
    text = program.run("doctor", check=False)
    outputs = (chosen.stdout, chosen.stderr, result.stdout, result.stderr, text.stdout, text.stderr)
    assert word not in "".join(outputs)
    assert word not in everything_written(program.home)
    program.run("egress", "proxy", "none")
    assert doctor(program, "--probe")[1] == 0


def everything_written(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return "".join(path.read_bytes().decode("latin-1") for path in files)


def test_no_secret_is_in_any_output(prepared: Program, simulator: SimulatorProcess) -> None:
    """Tokens, keys, and what upstream says about them."""
    word = "canary-0123456789abcdef"
    quoted = f'{{"error":{{"code":16,"message":"bad-credentials sso={word}"}}}}'
    simulator.script(overrides={SESSION: {"status": 401, "body": quoted}})
    bring(prepared, f"{word}-of-a-token")
    key = prepared.key("canary")
    commands = (
        ("doctor", "--probe"),
        ("doctor", "--probe", "--json"),
        ("accounts", "test", "--all"),
        ("accounts", "test", "--all", "--json"),
        ("accounts", "list", "--json"),
        ("egress", "test", "--json"),
    )
    results = [prepared.run(*command, check=False) for command in commands]
    outputs = "".join(result.stdout + result.stderr for result in results)
    for secret in (word, key, key[3:]):
        assert secret not in outputs
    assert "session_expired" in outputs


def test_a_port_that_somebody_holds_is_told_before_the_start(program: Program) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        program.environ["GROKDESK_GATEWAY_PORT"] = str(port)
        checks, code = doctor(program)
    assert (checks["port"]["status"], code) == ("fail", 1)
    assert f"({os.getpid()})" in checks["port"]["sentence"]


def test_another_profile_on_the_same_port_is_recognised(program: Program) -> None:
    program.serve("--profile", "other")
    program.environ["GROKDESK_GATEWAY_PORT"] = program.base_url.split(":")[2].split("/")[0]
    checks, _ = doctor(program)
    assert checks["port"]["status"] == "warn"
    assert "Another Grokdesk" in checks["port"]["sentence"]


def test_what_keeps_the_program_from_starting_is_a_finding_too(bare_program: Program) -> None:
    bare_program.environ["GROKDESK_UPSTREAM_WEB_URL"] = "https://grok.com.evil.example"
    checks, code = doctor(bare_program)
    assert code == 1
    assert "GROKDESK_UPSTREAM_WEB_URL" in checks["start"]["sentence"]
    assert checks["start"]["details"]["verdict"] == "setup"


def test_settings_that_cannot_be_used_are_told(program: Program) -> None:
    program.key()
    file = program.home / "home" / "config" / "settings.toml"
    file.write_text("[gateway]\nport = 'eighty'\n")
    checks, _ = doctor(program)
    assert checks["settings"]["status"] == "warn"
    assert "gateway.port" in checks["settings"]["sentence"]


def test_a_terminal_sees_the_progress_and_a_script_does_not(program: Program) -> None:
    program.key()
    assert program.run("doctor", "--json", check=False).stderr == ""
    main, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "grokdesk", "doctor"],
        cwd=ROOT,
        env=program.environ,
        stdout=subprocess.PIPE,
        stderr=terminal,
    )
    report, _ = process.communicate(timeout=60)
    os.close(terminal)
    seen = os.read(main, 65_536).decode()
    os.close(main)
    assert seen.count("checked: ") == 10
    assert b"checked: " not in report


def test_accounts_are_chosen_by_name_or_all_at_once(running: Program) -> None:
    for wrong in ([], ["nobody"], ["--all", "…uper"]):
        result = running.run("accounts", "test", *wrong, check=False)
        assert (result.returncode, result.stdout) == (2, "")
    id = accounts(running)["…uper"]["id"]
    found, code = probed(running, id[:8], "…uper")
    assert (len(found), code) == (1, 0)
    assert "Ready (super)" in running.run("accounts", "test", "--all").stdout


def test_what_the_user_decides_of_an_account_is_kept(prepared: Program) -> None:
    prepared.run(
        "accounts",
        "set",
        "…uper",
        "--priority",
        "5",
        "--note",
        "for work",
        "--max-in-flight",
        "2",
        "--tier",
        "heavy",
        "--disable",
        "--label",
        "work",
    )
    account = accounts(prepared)["…uper"]
    assert {name: account[name] for name in ("label", "priority", "note", "max_in_flight")} == {
        "label": "work",
        "priority": 5,
        "note": "for work",
        "max_in_flight": 2,
    }
    assert (account["tier"], account["tier_pinned"], account["state"]) == (
        "heavy",
        True,
        "disabled",
    )
    (found,) = account_checks(doctor(prepared)[0])
    assert found["status"] == "skipped"
    shown = prepared.run(
        "accounts", "set", "work", "--max-in-flight", "default", "--tier", "auto", "--enable"
    ).stdout
    assert "for work" in shown
    account = accounts(prepared)["…uper"]
    assert (account["max_in_flight"], account["tier_pinned"], account["state"]) == (
        None,
        False,
        "ready",
    )
    for wrong in (["--priority", "5000"], [], ["--max-in-flight", "0"], ["--max-in-flight", "x"]):
        assert prepared.run("accounts", "set", "work", *wrong, check=False).returncode == 2


def test_quota_figures_tell_where_they_come_from_and_how_old_they_are(running: Program) -> None:
    probed(running, "--all")
    windows = {window["mode"]: window for window in accounts(running)["…uper"]["windows"]}
    fast = windows["fast"]
    assert fast["provenance"] == "measured"
    assert 0 <= fast["age_s"] < 60
    assert fast["measured_at"] > 1_700_000_000
    assert fast["total_known"] is True


def test_status_tells_how_upstream_is_and_counts_each_state(program: Program) -> None:
    bring(program, HEALTHY, "an-expired-account-401")
    program.run("accounts", "test", "--all", check=False)
    program.serve()
    status = json.loads(program.run("status", "--json").stdout)
    assert status["upstream"] == {"state": "closed", "until": None, "reason": ""}
    assert status["accounts"]["states"]["ready"] == 1
    assert status["accounts"]["states"]["expired"] == 1
    assert status["accounts"]["states"]["cooling"] == 0


def test_what_is_pasted_is_used_and_is_in_no_file_or_argument(
    running: Program, simulator: SimulatorProcess
) -> None:
    cookie, value = "cf_clearance=canary-clearance-1234567", "canary-statsig-1234567890"
    agent = (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/136.0.0.0 Safari/537.36"
    )
    assert running.run("egress", "clearance", stdin=cookie, check=False).returncode == 2
    assert running.run("egress", "statsig", stdin="", check=False).returncode == 2
    outputs = [
        running.run("egress", "clearance", "--user-agent", agent, stdin=cookie),
        running.run("egress", "statsig", stdin=value),
        running.run("egress", "test"),
        running.run("doctor", "--json"),
    ]
    assert "can be reached" in outputs[2].stdout
    shown = "".join(result.stdout + result.stderr for result in outputs)
    written = everything_written(running.home)
    for secret in ("canary-clearance", "canary-statsig"):
        assert secret not in shown
        assert secret not in written
    running.run("egress", "clearance", "--clear")
    running.run("egress", "statsig", "--clear")
    assert doctor(running)[1] == 0


def test_a_proxy_address_is_never_taken_from_an_argument(program: Program) -> None:
    result = program.run("egress", "proxy", "http://127.0.0.1:9", check=False)
    assert result.returncode == 2
    assert program.run("egress", "proxy", "same", check=False).returncode == 2
    assert program.run("egress", "proxy", "none").returncode == 0
    assert program.run("egress", "proxy", "same", "--assets").returncode == 0
