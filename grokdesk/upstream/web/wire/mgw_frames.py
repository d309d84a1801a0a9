"""What we say on the chat socket."""

from collections.abc import Sequence
from typing import Any

import msgspec

from grokdesk.domain.chat import ConversationRef
from grokdesk.domain.quota import Mode

_CAPABILITIES = ["conversation_attached", "custom_methods_v1"]
_TEMPORARY = {"keep_context": False, "is_temporary": True, "disable_memory": True}


def session_create(mode: Mode, event_id: str, resume: ConversationRef | None) -> str:
    """The first frame; without `resume` the conversation leaves no trace."""
    if resume is None:
        frame: dict[str, Any] = {}
        kept: dict[str, Any] = _TEMPORARY
    else:
        frame = {"session_id": resume.conversation_id}
        kept = {
            "conversation_id": resume.conversation_id,
            "load_existing": True,
            "needs_history": False,
        }
    options = {
        "protocol_capabilities": _CAPABILITIES,
        "use_chunk": True,
        "enable_side_by_side": True,
        "force_side_by_side": False,
        "enable_image_generation": True,
        "image_generation_count": 2,
        "disable_text_follow_ups": False,
        "disable_artifact": True,
        "force_concise": False,
        **kept,
    }
    session = {"model": mode, "x_grok": options}
    return _text(
        {**frame, "event": {"type": "session.create", "event_id": event_id, "session": session}}
    )


def item_create(
    session_id: str,
    prompt: str,
    *,
    at_ms: int,
    message_id: str,
    file_ids: Sequence[str] = (),
    parent_response_id: str = "",
) -> str:
    mentions = [{"mention": {"target": {"file_mention": {"file_id": each}}}} for each in file_ids]
    files: dict[str, Any] = {"file_attachment_ids": list(file_ids)} if file_ids else {}
    parent = {"parent_response_id": parent_response_id} if parent_response_id else {}
    chunks = [*mentions, {"text": {"text": prompt}}]
    message = {"client_message_id": message_id, "input_chunks": chunks}
    item = {"type": "message", "role": "user", **files, "x_grok": message}
    event_id = f"evt_msg_{at_ms}"
    event = {"type": "conversation.item.create", "event_id": event_id, **parent, **files}
    return _text({"session_id": session_id, "event": {**event, "item": item}})


def response_create(session_id: str, at_ms: int) -> str:
    event = {"type": "response.create", "event_id": f"evt_resp_{at_ms}"}
    return _text({"session_id": session_id, "event": event})


def ping(at_ms: int) -> str:
    return _text({"event": {"type": "ping", "event_id": f"evt_hb_{at_ms}"}})


def _text(frame: dict[str, Any]) -> str:
    return msgspec.json.encode(frame).decode()
