"""One chat turn with the simulator, put together by hand: for who talks to it without us."""

import uuid
from typing import Any

import msgspec

TOKEN = "bench-of-loopback-0-heavy"

REST_PATH = "/rest/app-chat/conversations/new"

SOCKET_PATH = f"/ws/mgw/?uid={uuid.uuid5(uuid.NAMESPACE_URL, TOKEN)}"
SOCKET_DONE = b'"response.done"'

MARKS = {"rest": b'"messageTag":"final","responseId"', "mgw": b'"CHANNEL_ASSISTANT_RESPONSE"'}
"""What every piece of text has, and nothing else."""

COOKIE = f"sso={TOKEN}"

SESSION_CREATE = msgspec.json.encode(
    {
        "event": {
            "type": "session.create",
            "event_id": "evt_1",
            "session": {
                "model": "fast",
                "x_grok": {
                    "protocol_capabilities": ["conversation_attached", "custom_methods_v1"],
                    "use_chunk": True,
                    "is_temporary": True,
                },
            },
        }
    }
)


def rest_body(prompt: str) -> dict[str, Any]:
    return {"temporary": True, "modeId": "fast", "message": prompt}


def question(created: bytes | str, prompt: str) -> tuple[bytes, bytes]:
    """The two frames that follow on the first one from the server."""
    session_id = msgspec.json.decode(created)["session_id"]
    item = {
        "type": "message",
        "role": "user",
        "x_grok": {"client_message_id": "m1", "input_chunks": [{"text": {"text": prompt}}]},
    }
    create = {"type": "conversation.item.create", "event_id": "evt_2", "item": item}
    return (
        msgspec.json.encode({"session_id": session_id, "event": create}),
        msgspec.json.encode(
            {
                "session_id": session_id,
                "event": {"type": "response.create", "event_id": "evt_3"},
            }
        ),
    )
