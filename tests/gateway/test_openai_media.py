"""Pictures and files in messages, in OpenAI's forms and others that are in use."""

import base64
import json

import pytest

from grokdesk.domain.attachment import Attachment, AttachmentKind
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.openai.parse import parse_chat

DATA = b"\x89PNG\r\n\xff\xfe"
CODED = base64.b64encode(DATA).decode()
URI = f"data:image/png;base64,{CODED}"
PDF = f"data:application/pdf;base64,{CODED}"
PLACE = "messages[0].content[1]"


def parse(part, role="user"):
    content = [{"type": "text", "text": "look"}, part]
    body = {"model": "m", "messages": [{"role": role, "content": content}]}
    return parse_chat(json.dumps(body).encode()).request.messages[0]


def refusal(part):
    with pytest.raises(InvalidRequestError) as caught:
        parse(part)
    return caught.value


def image(param, **fields):
    return Attachment(AttachmentKind.IMAGE, param=f"{PLACE}.{param}", **fields)


def file(param, **fields):
    return Attachment(AttachmentKind.FILE, param=f"{PLACE}.{param}", **fields)


@pytest.mark.parametrize(
    ("part", "attachment"),
    [
        (
            {"type": "image_url", "image_url": {"url": URI, "detail": "low"}},
            image("image_url.url", data=DATA, mime="image/png"),
        ),
        (
            {"type": "image_url", "image_url": URI},
            image("image_url", data=DATA, mime="image/png"),
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}},
            image("image_url.url", url="https://a.example/b.png"),
        ),
        (
            {"type": "input_image", "image_url": "HTTP://a.example/b.png"},
            image("image_url", url="HTTP://a.example/b.png"),
        ),
        ({"type": "image", "image": URI}, image("image", data=DATA, mime="image/png")),
        (
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/webp", "data": CODED},
            },
            image("source.data", data=DATA, mime="image/webp"),
        ),
        (
            {"type": "image", "source": {"type": "url", "url": "https://a.example"}},
            image("source.url", url="https://a.example"),
        ),
        (
            {"type": "file", "file": {"file_data": PDF, "filename": "a.pdf"}},
            file("file.file_data", data=DATA, mime="application/pdf", name="a.pdf"),
        ),
        (
            {"type": "file", "file": {"file_data": CODED, "filename": "a.pdf"}},
            file("file.file_data", data=DATA, name="a.pdf"),
        ),
        (
            {"type": "input_file", "file_url": "https://a.example/b.pdf"},
            file("file_url", url="https://a.example/b.pdf"),
        ),
        (
            {"type": "file", "file": {"file_data": URI}},
            image("file.file_data", data=DATA, mime="image/png"),
        ),
    ],
)
@pytest.mark.parametrize("role", ["user", "tool", "assistant"])
def test_every_form_of_a_picture_or_file_is_taken(part, attachment, role):  # H13, H14
    message = parse(part, role)
    assert (message.text, message.attachments) == ("look", (attachment,))


@pytest.mark.parametrize(
    ("part", "param"),
    [
        ({"type": "image_url"}, "image_url"),
        ({"type": "image_url", "image_url": {}}, "image_url.url"),
        ({"type": "image_url", "image_url": "ftp://x"}, "image_url"),
        ({"type": "image_url", "image_url": "file:///etc/passwd"}, "image_url"),
        ({"type": "image_url", "image_url": "data:image/png;base64"}, "image_url"),
        ({"type": "image_url", "image_url": "data:image/png;base64,"}, "image_url"),
        ({"type": "image_url", "image_url": "data:image/png;base64,ä"}, "image_url"),
        ({"type": "image_url", "image_url": "data:image/png;base64,A"}, "image_url"),
        ({"type": "image_url", "image_url": "https://" + "x" * 9000}, "image_url"),
        ({"type": "input_image", "file_id": "file-1"}, "image_url"),
        ({"type": "file"}, "file_data"),
        ({"type": "file", "file": {"file_id": "file-1"}}, "file.file_id"),
        ({"type": "file", "file": {"file_data": 5}}, "file.file_data"),
        ({"type": "file", "file": {"file_data": "%%%"}}, "file.file_data"),
        ({"type": "image", "source": {"type": "base64"}}, "source.data"),
    ],
)
def test_what_holds_no_picture_or_file_is_refused_by_place(part, param):
    assert refusal(part).param == f"{PLACE}.{param}"


@pytest.mark.parametrize(
    "coded",
    ["-_8=", "-_8", "+/8=", " +/\r\n8= "],
    ids=["url-safe", "unpadded", "usual", "wrapped"],
)
def test_base64_is_taken_as_clients_write_it(coded):
    message = parse({"type": "file", "file": {"file_data": coded}})
    assert message.attachments[0].data == b"\xfb\xff"


def test_a_data_uri_without_base64_is_percent_encoded():
    message = parse({"type": "file", "file": {"file_data": "data:text/plain,a%20b"}})
    assert message.attachments[0].data == b"a b"
