"""The client frames of the chat socket, as far as the simulator reads them."""

import msgspec


class FileMention(msgspec.Struct):
    file_id: str


class MentionTarget(msgspec.Struct):
    file_mention: FileMention | None = None


class Mention(msgspec.Struct):
    target: MentionTarget


class InputText(msgspec.Struct):
    text: str


class InputChunk(msgspec.Struct):
    text: InputText | None = None
    mention: Mention | None = None


class ItemExtras(msgspec.Struct):
    input_chunks: list[InputChunk]
    client_message_id: str


class Item(msgspec.Struct):
    type: str
    role: str
    x_grok: ItemExtras
    file_attachment_ids: list[str] = []


class SessionExtras(msgspec.Struct):
    use_chunk: bool
    conversation_id: str | None = None
    load_existing: bool = False


class SessionRequest(msgspec.Struct):
    model: str
    x_grok: SessionExtras


class ClientEvent(msgspec.Struct):
    type: str
    event_id: str
    session: SessionRequest | None = None
    item: Item | None = None
    parent_response_id: str | None = None
    file_attachment_ids: list[str] = []


class ClientFrame(msgspec.Struct):
    event: ClientEvent
    session_id: str | None = None


def prompt_of(item: Item) -> str:
    return "".join(chunk.text.text for chunk in item.x_grok.input_chunks if chunk.text)


def attachments_of(item: Item) -> tuple[str, ...]:
    mentions = [chunk.mention for chunk in item.x_grok.input_chunks if chunk.mention]
    mentioned = [m.target.file_mention.file_id for m in mentions if m.target.file_mention]
    return tuple(dict.fromkeys((*item.file_attachment_ids, *mentioned)))
