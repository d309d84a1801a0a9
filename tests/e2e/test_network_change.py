"""Network changes in a network of the test's own: real interfaces, addresses and routes."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.e2e.conftest import ROOT

pytestmark = pytest.mark.e2e

_BASE = (
    "link set lo up",
    "link add v0 type veth peer name v1",
    "link set v0 up",
    "link set v1 up",
    "addr add 10.9.8.7/24 dev v0",
    "route add default via 10.9.8.1",
    "-6 addr add fd12::7/64 dev v0 nodad",
    "-6 route add default via fd12::1",
)

_STEPS = (
    ("nothing", (), 0),
    ("another interface comes", ("addr add 172.17.0.1/16 dev v1",), 0),
    ("and goes", ("addr del 172.17.0.1/16 dev v1",), 0),
    ("an address for privacy", ("-6 addr add fd12::8/64 dev v0 nodad",), 0),
    (
        "another address",
        (
            "addr del 10.9.8.7/24 dev v0",
            "addr add 10.9.8.9/24 dev v0",
            "route add default via 10.9.8.1",
        ),
        1,
    ),
    (
        "a second network takes over",
        ("addr add 10.1.1.1/24 dev v1", "route replace default via 10.1.1.254"),
        1,
    ),
    ("the first is left", ("addr del 10.9.8.9/24 dev v0",), 1),
    ("the way out is lost", ("route del default", "-6 route del default"), 1),
    ("nothing more", (), 0),
    ("it is back", ("route add default via 10.1.1.254",), 1),
)

# Runs with arguments: how to set up the network, and the steps; prints the changes seen after each.
_PROGRAM = """
import json, subprocess, sys
from grokdesk.app.wake import LocalNetwork, WakeDetector
from grokdesk.kernel.clock import SystemClock

def ip(command):
    subprocess.run(["ip", *command.split()], check=True)

for command in json.loads(sys.argv[1]):
    ip(command)
changes = []
detector = WakeDetector(
    SystemClock(),
    LocalNetwork(),
    on_wake=lambda gap: None,
    on_network_change=lambda: changes.append(None),
)
seen = []
for commands in json.loads(sys.argv[2]):
    for command in commands:
        ip(command)
    changes.clear()
    detector.look()
    detector.look()
    seen.append(len(changes))
print(json.dumps(seen))
"""


def in_own_network(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["unshare", "--map-root-user", "--net", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def needs_own_network() -> None:
    if not (shutil.which("unshare") and shutil.which("ip")):
        pytest.skip("unshare and ip are not here")
    if in_own_network("ip", *_BASE[1].split()).returncode != 0:
        pytest.skip("this system lets nobody make a network")


@pytest.mark.usefixtures("needs_own_network")
def test_what_matters_to_connections_is_noticed_and_nothing_else() -> None:
    steps = json.dumps([commands for _, commands, _ in _STEPS])
    result = in_own_network(sys.executable, "-c", _PROGRAM, json.dumps(_BASE), steps)
    assert result.returncode == 0, result.stderr
    seen = dict(zip([name for name, _, _ in _STEPS], json.loads(result.stdout), strict=True))
    assert seen == {name: changes for name, _, changes in _STEPS}
