"""A recorded answer of the chat socket, played back to whoever asks next."""

from typing import Any, Final

import msgspec

from grokdesk.simulator.mgw_frames import text_frame

_HANDSHAKE: Final = frozenset({"session.created", "conversation.attached"})


class Replay:
    """Keeps the recorded session id; only the echo of the client's event id is renewed."""

    def __init__(self, frames: list[str]) -> None:
        parsed = [_parse(frame) for frame in frames]
        greeting = 0
        while greeting < len(frames) and _type(parsed[greeting]) in _HANDSHAKE:
            greeting += 1
        self._handshake = parsed[:greeting]
        self.frames = [text_frame(frame.encode()) for frame in frames[greeting:]]
        ids = (frame.get("session_id") for frame in parsed)
        self.session_id = next((found for found in ids if isinstance(found, str)), None)

    def handshake(self, client_event_id: str) -> bytes:
        """Empty when the recording has none."""
        return b"".join(
            text_frame(msgspec.json.encode(_echoing(frame, client_event_id)))
            for frame in self._handshake
        )


def _parse(frame: str) -> dict[str, Any]:
    """Recordings may hold anything, JSON or not."""
    try:
        parsed = msgspec.json.decode(frame)
    except msgspec.DecodeError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _type(frame: dict[str, Any]) -> object:
    event = frame.get("event")
    return event.get("type") if isinstance(event, dict) else None


def _echoing(frame: dict[str, Any], client_event_id: str) -> dict[str, Any]:
    event = frame["event"]
    if "client_event_id" not in event:
        return frame
    return frame | {"event": event | {"client_event_id": client_event_id}}
