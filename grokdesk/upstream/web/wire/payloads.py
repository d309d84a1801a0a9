"""Request bodies: the flat prompt, the REST chat, the quota questions."""

from collections.abc import Sequence
from typing import Any

import msgspec

from grokdesk.domain.chat import Message, Role
from grokdesk.domain.quota import Mode

IMAGINE_QUOTA_BODY = b"{}"
EMPTY_GRPC_BODY = bytes(5)
"""One uncompressed frame with an empty message."""

# Upstream knows three efforts; clients have words for less and for more.
_EFFORTS = {"none": "low", "minimal": "low", "xhigh": "high", "max": "high"}

# The screen of the machine that the default browser profile describes.
_DEVICE = {
    "darkModeEnabled": False,
    "devicePixelRatio": 2,
    "screenWidth": 2056,
    "screenHeight": 1329,
    "viewportWidth": 2056,
    "viewportHeight": 1083,
}


def flatten(messages: Sequence[Message]) -> str:
    """The conversation as the one text that upstream takes.

    Every turn gets its role as a heading. A lone user message goes as it is, because that is
    what the site sends for a first question: no heading, so nothing to tell us from a browser.
    """
    if len(messages) == 1 and messages[0].role is Role.USER:
        return messages[0].text
    return "\n\n".join(f"[{message.role}]\n{_said(message)}" for message in messages)


def rest_chat_body(
    mode: Mode,
    prompt: str,
    *,
    temperature: float | None = None,
    top_p: float | None = None,
    reasoning_effort: str | None = None,
    deepsearch: str = "",
    file_ids: Sequence[str] = (),
) -> bytes:
    """A turn that leaves no trace: not kept in the history, nothing remembered."""
    preset = {"deepsearchPreset": deepsearch} if deepsearch else {}
    return msgspec.json.encode(
        {
            "temporary": True,
            "modeId": mode,
            "message": prompt,
            "fileAttachments": list(file_ids),
            "imageAttachments": [],
            "disableSearch": False,
            "enableImageGeneration": True,
            "returnImageBytes": False,
            "returnRawGrokInXaiRequest": False,
            "enableImageStreaming": True,
            "imageGenerationCount": 2,
            "forceConcise": False,
            "toolOverrides": {},
            "enableSideBySide": True,
            "sendFinalMetadata": True,
            "disableTextFollowUps": False,
            "responseMetadata": _overrides(temperature, top_p, reasoning_effort),
            "disableMemory": True,
            "forceSideBySide": False,
            "isAsyncChat": False,
            "disableSelfHarmShortCircuit": False,
            "collectionIds": [],
            "connectors": [],
            "searchAllConnectors": False,
            "deviceEnvInfo": _DEVICE,
            **preset,
        }
    )


def rate_limits_body(mode: Mode) -> bytes:
    return msgspec.json.encode({"modelName": mode})


def _said(message: Message) -> str:
    if message.role is Role.TOOL and message.call_id:
        return f"Tool result ({message.call_id}): {message.text}"
    return message.text


def _overrides(
    temperature: float | None, top_p: float | None, reasoning_effort: str | None
) -> dict[str, Any]:
    given = {
        "temperature": temperature,
        "topP": top_p,
        "reasoningEffort": reasoning_effort and _EFFORTS.get(reasoning_effort, reasoning_effort),
    }
    chosen = {name: value for name, value in given.items() if value is not None and value != ""}
    return {"modelConfigOverride": chosen} if chosen else {}
