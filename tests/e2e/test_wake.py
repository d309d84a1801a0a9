"""The program is stopped and goes on later, as after a machine's sleep.

GROKDESK_TEST_STOP_S sets for how long (seconds): 60 by hand, less in the suite.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import openai
import pytest

from tests.e2e.conftest import Program, SimulatorProcess
from tests.e2e.relay import Relay

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGSTOP"),
    pytest.mark.timeout(300),
]

STOP_S = float(os.environ.get("GROKDESK_TEST_STOP_S", "8"))
BY_HAND = pytest.mark.skipif(
    "GROKDESK_TEST_STOP_S" not in os.environ, reason="the harder half is enough for every run"
)
ANSWERED_WITHIN_S = 3.0
TOLD_WITHIN_S = 5.0
HELLO = [{"role": "user", "content": "Hello"}]


def slow(pieces: int, pause_ms: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"!long {pieces} !slow {pause_ms}"}]


@dataclass
class Rig:
    process: subprocess.Popen[str]
    relay: Relay
    client: openai.OpenAI

    def ask(self) -> str:
        reply = self.client.chat.completions.create(model="grok-chat-fast", messages=HELLO)  # type: ignore[arg-type]
        return reply.choices[0].message.content or ""

    def begin(self, pieces: int, pause_ms: int) -> "Reading":
        stream = self.client.chat.completions.create(
            model="grok-chat-fast",
            messages=slow(pieces, pause_ms),  # type: ignore[arg-type]
            stream=True,
        )
        return Reading(stream)

    def sleep(self, *, network: str) -> float:
        """Stop and go on. Returns the moment of waking.

        The network stays `alive`, is `dead` from the beginning, or dies `later`, when the
        sleeper has already got some bytes that it has not read.
        """
        self.process.send_signal(signal.SIGSTOP)
        if network == "dead":
            self.relay.go_silent()
        time.sleep(STOP_S / 2)
        if network == "later":
            self.relay.go_silent()
        time.sleep(STOP_S / 2)
        self.process.send_signal(signal.SIGCONT)
        return time.monotonic()


class Reading:
    """A streamed answer, read on request."""

    def __init__(self, stream: "openai.Stream[object]") -> None:
        self._stream = stream
        self.text = ""

    def read(self, *, pieces: int | None = None) -> None:
        """So many pieces, or to the end. Raise openai.APIError when the gateway tells of one."""
        for chunk in self._stream:
            for choice in chunk.choices:  # type: ignore[attr-defined]
                self.text += choice.delta.content or ""
            if pieces is not None and self.text.count(" ") >= pieces:
                return


@pytest.fixture(params=["mgw", "rest"])
def rig(
    request: pytest.FixtureRequest, bare_program: Program, simulator: SimulatorProcess
) -> Iterator[Rig]:
    relay = Relay(urlsplit(simulator.origin).port or 0)
    program = bare_program
    # A socket must say where its page came from, and the simulator knows its own address only.
    by_socket = request.param == "mgw"
    program.environ |= {
        "GROKDESK_UPSTREAM_CHAT_TRANSPORT": request.param,
        "GROKDESK_UPSTREAM_WEB_URL": simulator.origin if by_socket else relay.origin,
        "GROKDESK_UPSTREAM_SOCKET_URL": relay.origin.replace("http", "ws") if by_socket else "",
    }
    program.run("accounts", "import", "-", stdin="healthy-account-token-super\n")
    process = program.serve()
    key = program.key()
    with openai.OpenAI(
        base_url=program.base_url, api_key=key, max_retries=0, timeout=30 + STOP_S
    ) as client:
        yield Rig(process, relay, client)
    process.send_signal(signal.SIGCONT)
    relay.close()


@pytest.mark.alone
@pytest.mark.parametrize("network", [pytest.param("alive", marks=BY_HAND), "dead"])
def test_the_first_request_after_sleep_is_answered_at_once(rig: Rig, network: str) -> None:
    assert rig.ask()
    woken = rig.sleep(network=network)
    assert rig.ask()
    took = time.monotonic() - woken
    print(f"\nfirst answer {took:.2f} s after waking ({STOP_S:.0f} s of sleep, network {network})")
    assert took < ANSWERED_WITHIN_S


@pytest.mark.parametrize("network", [pytest.param("dead", marks=BY_HAND), "later"])
def test_an_answer_that_lost_its_connection_ends_with_an_error(rig: Rig, network: str) -> None:
    assert rig.ask()
    answer = rig.begin(pieces=2_000, pause_ms=100)
    answer.read(pieces=5)
    woken = rig.sleep(network=network)
    with pytest.raises(openai.APIError) as lost:
        answer.read()
    took = time.monotonic() - woken
    print(f"\nthe lost answer ended {took:.2f} s after waking: {lost.value}")
    assert took < TOLD_WITHIN_S
    assert re.search("network|Grok|grok.com", str(lost.value))
    assert rig.ask()


def test_an_answer_whose_connection_lives_goes_on(rig: Rig) -> None:
    pieces = int(STOP_S * 10 + 60)
    answer = rig.begin(pieces=pieces, pause_ms=100)
    answer.read(pieces=5)
    rig.sleep(network="alive")
    answer.read()
    assert answer.text.split() == [f"word{n}" for n in range(1, pieces + 1)]
