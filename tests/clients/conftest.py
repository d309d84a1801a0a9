"""One Grokdesk for all clients, and a table of who passed."""

import os
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.clients import places, versions
from tests.clients.stage import Stage, open_stage

if not places.GROKDESK_PYTHON:
    # The core's own test run comes by here; it has none of the clients.
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("grokdesk")
    with open_stage(folder) as stage:
        yield stage
    log = (folder / "grokdesk.txt").read_text()
    assert " error " not in log, log
    assert "Traceback" not in log, log


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_this_user(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No client reads or writes the settings of whoever runs the tests, nor takes a proxy."""
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith(_OTHERS)]:
        del os.environ[name]
    os.environ |= {"HOME": str(home), "NO_PROXY": "*", **_QUIET}
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        os.environ[name] = str(home / name)


_OTHERS = ("OPENAI_", "ANTHROPIC_", "CLAUDE", "CODEX_", "OPENCODE", "AIDER_", "LANGSMITH", "XDG_")
_OTHERS += ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
_QUIET = {"DO_NOT_TRACK": "1", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if marker := item.get_closest_marker("client"):
            item.user_properties.append(("client", marker.args[0]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    results: dict[str, Counter[str]] = {}
    for outcome in ("passed", "failed", "error", "skipped", "xfailed"):
        for report in _reports(terminalreporter, outcome):
            if client := _client_of(report):
                results.setdefault(client, Counter())[outcome] += 1
    if not results:
        return
    terminalreporter.section("clients")
    for client, counts in sorted(results.items()):
        said = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        terminalreporter.write_line(f"{client:<26} {versions.version_of(client):<10} {said}")


def _reports(terminal: pytest.TerminalReporter, outcome: str) -> list[pytest.TestReport]:
    stats = terminal.stats
    reports = [*stats.get(outcome, []), *stats.get(f"subtests {outcome}", [])]
    return [report for report in reports if isinstance(report, pytest.TestReport)]


def _client_of(report: pytest.TestReport) -> str | None:
    if isinstance(report, pytest.SubtestReport):
        return str(report.context.kwargs.get("client")).strip("'")  # pytest keeps the repr
    return dict(report.user_properties).get("client")
