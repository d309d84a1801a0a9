"""What becomes of the pictures and files of a request, up to the ids that upstream gave them."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from grokdesk.domain.account import Account, Tier, Token
from grokdesk.domain.attachment import Attachment, AttachmentKind, UploadFile
from grokdesk.domain.chat import ChatRequest, Message, Role
from grokdesk.domain.errors import InvalidRequestError, UpstreamUnavailableError
from grokdesk.kernel.clock import ManualClock
from grokdesk.services.attachments import AttachmentService
from grokdesk.services.file_names import file_name
from grokdesk.services.remote_files import RemoteFiles
from grokdesk.settings.serving import AttachmentSettings
from tests.unit.fake_web import FakeWeb, fake_web
from tests.unit.picture_makers import encoded, exif, opened, picture, png_bomb

PNG = picture("PNG")
PDF = b"%PDF-1.7\n..."
TOKEN = Token("some-token-of-somebody")


def account(name: str = "one") -> Account:
    return Account(name, name, name, "", tier=Tier.BASIC)


@dataclass
class Uploads:
    """grok.com's part: counts, and waits where the test wants it to."""

    seen: list[tuple[str, UploadFile]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    failures: list[Exception] = field(default_factory=list)
    running: int = 0
    most_running: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    async def upload(self, account: Account, token: Token, file: UploadFile) -> str:
        self.seen.append((account.id, file))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        number = len(self.seen)
        try:
            await self.gate.wait()
            if self.failures:
                raise self.failures.pop(0)
            return f"{account.id}-{number}"
        finally:
            self.running -= 1


@dataclass
class Desk:
    uploads: Uploads = field(default_factory=Uploads)
    clock: ManualClock = field(default_factory=ManualClock)
    options: AttachmentSettings = field(default_factory=AttachmentSettings)
    remote: RemoteFiles = field(default_factory=lambda: RemoteFiles(AttachmentSettings))

    def __post_init__(self) -> None:
        self.service = AttachmentService(
            self.uploads,  # type: ignore[arg-type]
            self.remote,
            self.clock,
            lambda: self.options,
        )

    async def files(self, *attachments: Attachment) -> tuple[UploadFile, ...]:
        request = ChatRequest("m", (Message(Role.USER, "Look", attachments=attachments),))
        return (await self.service.prepare(request))[1]

    async def leave(self, *files: UploadFile, name: str = "one") -> tuple[str, ...]:
        return await self.service.leave(account(name), TOKEN, files)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def net() -> AsyncIterator[FakeWeb]:
    async with fake_web() as net:
        yield net


def image(data: bytes = PNG, **claims: str) -> Attachment:
    return Attachment(AttachmentKind.IMAGE, data, param="messages[0].content[1]", **claims)


def document(data: bytes, **claims: str) -> Attachment:
    return Attachment(AttachmentKind.FILE, data, param="messages[0].content[1]", **claims)


def distinct(number: int) -> bytes:
    return picture("PNG", (10 + number, 10))


def office(folder: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(f"{folder}/document.xml", "<x/>")
    return out.getvalue()


async def refusal(desk: Desk, attachment: Attachment) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        await desk.files(attachment)
    assert caught.value.param == "messages[0].content[1]"
    return caught.value


async def test_a_request_without_attachments_is_handed_back_as_it_is(desk):
    request = ChatRequest("m", (Message(Role.USER, "Hi"),))
    messages, files = await desk.service.prepare(request)
    assert messages is request.messages
    assert files == ()


async def test_a_picture_goes_up_unchanged_and_the_text_names_it(desk):
    request = ChatRequest("m", (Message(Role.USER, "What is this?", attachments=(image(),)),))
    messages, (file,) = await desk.service.prepare(request)
    assert (file.name, file.mime, file.data) == ("picture-1.png", "image/png", PNG)
    assert messages == (Message(Role.USER, "What is this?\n[attached: picture-1.png]"),)


async def test_the_claim_about_the_type_counts_for_nothing(desk):
    (file,) = await desk.files(image(picture("JPEG"), mime="image/png", name="Holiday.PNG"))
    assert (file.name, file.mime) == ("Holiday.jpeg", "image/jpeg")


async def test_a_large_picture_goes_up_smaller_and_upright(desk):
    desk.options = AttachmentSettings(max_image_side=256)
    (file,) = await desk.files(image(picture("JPEG", (600, 300), exif=exif(6))))
    assert opened(file.data).size == (128, 256)


@pytest.mark.parametrize(
    "data", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"BM......", PDF, b"hello", b"\0" * 99]
)
async def test_what_is_no_picture_is_refused_as_a_picture(desk, data):
    assert (await refusal(desk, image(data))).code == "invalid_image_format"


async def test_a_bomb_is_refused(desk):
    assert "million pixels" in str(await refusal(desk, image(png_bomb())))


@pytest.mark.parametrize(
    ("data", "claims", "name", "mime"),
    [
        (PDF, {}, "file-1.pdf", "application/pdf"),
        (PDF, {"name": "a/b\\Paper.v2.PDF"}, "Paper.v2.pdf", "application/pdf"),
        (b"{\\rtf1}", {}, "file-1.rtf", "application/rtf"),
        (office("word"), {"name": "x.docx"}, "x.docx", None),
        (office("xl"), {"name": "x.bin"}, "x.xlsx", None),
        (office("ppt"), {}, "file-1.pptx", None),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1..", {"name": "a.xls"}, "a.xls", None),
        (b"a,b\n1,2\n", {"mime": "text/csv"}, "file-1.csv", "text/csv"),
        (b"{}", {"mime": "application/json; charset=utf-8"}, "file-1.json", "application/json"),
        ("Grüße".encode(), {}, "file-1.txt", "text/plain"),
        ("Grüße".encode("utf-16"), {"name": "old.txt"}, "old.txt", "text/plain"),
        (b"print(1)\n", {"name": "main.py"}, "main.py", "text/plain"),
        (b"# T", {"name": "notes.markdown"}, "notes.markdown", "text/markdown"),
        (PNG, {"name": "scan.pdf"}, "scan.png", "image/png"),
    ],
)
async def test_a_file_is_what_its_bytes_say(desk, data, claims, name, mime):
    (file,) = await desk.files(document(data, **claims))
    assert file.name == name
    assert file.data == data
    assert mime is None or file.mime == mime


@pytest.mark.parametrize(
    ("data", "claims"),
    [
        (b"MZ\x90\x00\x03", {"name": "a.pdf", "mime": "application/pdf"}),
        (b"\x7fELF\x02", {"name": "a.txt"}),
        (b"PK\x03\x04 and no more", {"name": "a.docx"}),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1..", {"name": "a.msi"}),
        (b"\xff\xfe\x00", {"name": "a.txt"}),
        (b"\xc3\x28", {"name": "a.txt"}),
    ],
)
async def test_other_files_are_refused(desk, data, claims):
    assert (await refusal(desk, document(data, **claims))).code == "unsupported_file"


async def test_a_file_that_is_too_large_is_refused(desk):
    desk.options = AttachmentSettings(max_file_mb=1)
    assert await desk.files(document(b"a" * (1 << 20)))
    assert (await refusal(desk, document(b"a" * (1 << 20) + b"a"))).code == "file_too_large"


async def test_files_that_are_too_large_together_are_refused(desk):
    texts = [document(b"%d" % number * (30 << 20)) for number in range(3)]
    assert len(await desk.files(*texts[:2])) == 2
    with pytest.raises(InvalidRequestError, match="64 MB together"):
        await desk.files(*texts)


async def test_only_the_newest_go_up_and_the_text_says_what_is_missing(desk):
    desk.options = AttachmentSettings(max_count=2)
    turns = tuple(
        Message(Role.USER, f"Turn {number}", attachments=(image(distinct(number)),))
        for number in range(4)
    )
    messages, files = await desk.service.prepare(ChatRequest("m", turns))
    assert [file.name for file in files] == ["picture-3.png", "picture-4.png"]
    assert [message.text.split("\n")[1] for message in messages] == [
        "[no longer attached: 1 older file]",
        "[no longer attached: 1 older file]",
        "[attached: picture-3.png]",
        "[attached: picture-4.png]",
    ]


async def test_what_does_not_go_up_is_not_looked_at(desk):
    desk.options = AttachmentSettings(max_count=1)
    assert await desk.files(image(b"no picture at all"), image())


async def test_the_same_picture_twice_is_one_file_under_one_name(desk):
    turns = (
        Message(Role.USER, "", attachments=(image(), image(distinct(1)))),
        Message(Role.ASSISTANT, "Nice."),
        Message(Role.USER, "Again", attachments=(image(),)),
    )
    messages, files = await desk.service.prepare(ChatRequest("m", turns))
    assert [file.name for file in files] == ["picture-2.png", "picture-1.png"]
    assert messages[0].text == "[attached: picture-1.png, picture-2.png]"
    assert messages[2].text == "Again\n[attached: picture-1.png]"


async def test_equal_names_are_told_apart(desk):
    files = await desk.files(*(image(distinct(number), name="image.png") for number in range(3)))
    assert [file.name for file in files] == ["image.png", "image-2.png", "image-3.png"]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("C:\\Users\\me\\a.png", "a.png"),
        ("a\r\nb\x00.png", "ab.png"),
        ("\u202egnp.exe", "gnp.png"),
        (".png", "png.png"),
        ("...", "picture-1.png"),
        ("x" * 500 + ".png", "x" * 80 + ".png"),
        ("", "picture-1.png"),
    ],
)
def test_a_name_is_short_and_harmless(given, name):
    assert file_name(given, "picture-1", "png") == name


async def test_a_file_from_the_web_is_fetched_and_must_prove_what_it_is(net):
    desk = Desk(remote=net.remote())
    net.answers["/a"] = lambda _request: web.Response(body=PNG, content_type="text/plain")
    net.answers["/pdf"] = lambda _request: web.Response(body=PDF)
    at = {"param": "messages[0].content[1]"}
    found = await desk.files(
        Attachment(AttachmentKind.IMAGE, url=net.url("/a"), **at),
        Attachment(AttachmentKind.FILE, url=net.url("/pdf"), **at),
    )
    assert [file.name for file in found] == ["picture-1.png", "file-2.pdf"]
    page = Attachment(AttachmentKind.FILE, url=net.url("/secret-page"), name="x.txt", **at)
    assert (await refusal(desk, page)).code == "unsupported_file"


async def test_a_client_that_leaves_ends_the_fetching(net):
    hanging = asyncio.Event()

    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hanging.set()
        await _reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.77", 0)
    net.port = server.sockets[0].getsockname()[1]
    desk = Desk(remote=net.remote())
    task = asyncio.get_running_loop().create_task(
        desk.files(Attachment(AttachmentKind.IMAGE, url=net.url("/")), image())
    )
    await hanging.wait()
    task.cancel()
    await asyncio.wait({task}, timeout=1)
    assert task.cancelled()
    server.close()
    async with asyncio.timeout(2):
        await server.wait_closed()


async def test_a_file_is_left_once_with_each_account(desk):
    (file,) = await desk.files(image())
    assert await desk.leave(file) == ("one-1",)
    assert await desk.leave(file) == ("one-1",)
    assert await desk.leave(file, name="two") == ("two-2",)
    assert len(desk.uploads.seen) == 2


async def test_ids_are_in_the_order_of_the_files(desk):
    files = await desk.files(*(image(distinct(number)) for number in range(6)))
    ids = await desk.leave(*files)
    by_id = {f"one-{number}": file for number, (_, file) in enumerate(desk.uploads.seen, start=1)}
    assert [by_id[each] for each in ids] == list(files)
    assert desk.uploads.most_running <= 3


async def test_after_an_hour_a_file_is_left_anew(desk):
    (file,) = await desk.files(image())
    await desk.leave(file)
    desk.clock.advance(3599)
    await desk.leave(file)
    assert len(desk.uploads.seen) == 1
    desk.clock.advance(2)
    assert await desk.leave(file) == ("one-2",)


async def test_doubted_ids_are_asked_for_anew_with_that_account_alone(desk):
    (file,) = await desk.files(image())
    await desk.leave(file)
    await desk.leave(file, name="two")
    desk.service.doubt(account("one"), (file,))
    assert await desk.leave(file, name="two") == ("two-2",)
    assert await desk.leave(file) == ("one-3",)


async def test_requests_at_a_time_share_one_upload(desk):
    (file,) = await desk.files(image())
    desk.uploads.gate.clear()
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(desk.leave(file)) for _ in range(5)]
    await asyncio.sleep(0.01)
    tasks[0].cancel()  # the one that began it
    await asyncio.sleep(0.01)
    desk.uploads.gate.set()
    assert await asyncio.gather(*tasks[1:]) == [("one-1",)] * 4
    assert len(desk.uploads.seen) == 1
    assert tasks[0].cancelled()


async def test_the_upload_ends_when_nobody_waits_for_it_any_more(desk):
    (file,) = await desk.files(image())
    desk.uploads.gate.clear()
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(desk.leave(file)) for _ in range(2)]
    await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    # Who comes now begins anew and is not drawn into the end of the other.
    late = loop.create_task(desk.leave(file))
    await asyncio.sleep(0.01)
    assert desk.uploads.running == 1
    desk.uploads.gate.set()
    assert await late == ("one-2",)


async def test_a_failed_upload_fails_the_attempt_and_is_not_remembered(desk):
    first, second = await desk.files(image(), image(distinct(1)))
    desk.uploads.failures.append(UpstreamUnavailableError("down"))
    with pytest.raises(UpstreamUnavailableError, match="down"):
        await desk.leave(first, second)
    assert desk.uploads.running == 0
    assert len(await desk.leave(first, second)) == 2


async def test_one_picture_at_a_time_is_made_smaller(desk):
    from PIL import Image

    desk.options = AttachmentSettings(max_image_side=256)
    large = [
        image(encoded(Image.new("RGB", (1500, 1500), (number, 0, 0)), "PNG")) for number in range(6)
    ]
    files = await desk.files(*large)
    assert [opened(file.data).getpixel((0, 0))[0] for file in files] == list(range(6))
