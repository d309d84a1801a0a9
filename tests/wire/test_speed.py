"""A guard against slow frames, as a ratio within one run so that a busy machine does not matter."""

import time

import msgspec
import pytest

from grokdesk.domain.quota import Mode
from grokdesk.upstream.web.wire.mgw import MgwTurn
from grokdesk.upstream.web.wire.rest_decoder import RestDecoder

pytestmark = pytest.mark.alone

FRAMES = 10_000
LIMIT = 6.0
SOCKET_LIMIT = 12.0  # one call and one value for each frame, as they come one by one
READ_SIZE = 16_384


def ratio(run, yardstick, rounds=9):
    """Best against best of interleaved rounds: what the code costs when nothing disturbs it."""
    times = [(_seconds(run), _seconds(yardstick)) for _ in range(rounds)]
    return min(mine for mine, _ in times) / min(theirs for _, theirs in times)


def _seconds(run):
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def rest_frames():
    return [
        msgspec.json.encode(
            {
                "result": {
                    "response": {
                        "token": f"word{number} ",
                        "isThinking": False,
                        "isSoftStop": False,
                        "messageTag": "final",
                        "responseId": "b9a1f6d2-0002-4a55-9d10-6b8e2c7f0a12",
                    }
                }
            }
        )
        for number in range(FRAMES)
    ]


def decode_plainly(frames):
    for frame in frames:
        msgspec.json.decode(frame)


def test_a_token_frame_costs_little_more_than_its_json():
    frames = rest_frames()
    body = b"\n".join(frames) + b"\n"
    reads = [body[start : start + READ_SIZE] for start in range(0, len(body), READ_SIZE)]

    def run():
        decoder = RestDecoder()
        assert sum(len(decoder.feed(read)) for read in reads) == FRAMES

    assert ratio(run, lambda: decode_plainly(frames)) < LIMIT


def test_a_socket_frame_costs_little_more_than_its_json():
    text = {"text": "word ", "channel": "CHANNEL_ASSISTANT_RESPONSE"}
    event = {"type": "response.chunk", "chunk": {"text": text}}
    frames = [
        msgspec.json.encode({"session_id": f"session-{number}", "event": event})
        for number in range(FRAMES)
    ]

    def run():
        turn = MgwTurn(Mode.FAST, "x", new_id=str, now_ms=int)
        assert sum(len(turn.receive(frame).chunks) for frame in frames) == FRAMES

    assert ratio(run, lambda: decode_plainly(frames)) < SOCKET_LIMIT
