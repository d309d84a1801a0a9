import email
import email.policy

import pytest

from grokdesk.domain.attachment import UploadFile
from grokdesk.upstream.web.wire.multipart import multipart, quoted_name
from grokdesk.upstream.web.wire.uploads import direct_body, legacy_body


def test_the_form_has_one_part_with_the_bytes_as_they_are():
    assert multipart("a.png", "image/png", b"\x00\r\n--B\xff", boundary="BOUND") == (
        b"--BOUND\r\n"
        b'Content-Disposition: form-data; name="file"; filename="a.png"\r\n'
        b"Content-Type: image/png\r\n\r\n"
        b"\x00\r\n--B\xff\r\n"
        b"--BOUND--\r\n"
    )


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("photo.png", "photo.png"),
        ("фото 1.png", "фото 1.png"),
        ('a"b.png', 'a\\"b.png'),
        ("a\\b.png", "a\\\\b.png"),
        ("a\r\nX-Evil: 1\r\n.png", "aX-Evil: 1.png"),
        ("a\tb\x00c\x7f.png", "a_b_c_.png"),
        ("", "upload.bin"),
        ("\r\n", "upload.bin"),
    ],
)
def test_a_name_is_quoted_and_cannot_end_its_header(name, quoted):
    assert quoted_name(name) == quoted


def test_any_parser_of_forms_reads_it_back():
    file = UploadFile("a b.png", "image/png", bytes(range(256)), "")
    head = b"Content-Type: multipart/form-data; boundary=XYZ\r\n\r\n"
    form = email.message_from_bytes(head + direct_body(file, "XYZ"), policy=email.policy.HTTP)
    (part,) = form.iter_parts()
    assert part.get_content_type() == "image/png"
    assert part.get_filename() == "a b.png"
    assert part.get_payload(decode=True) == file.data


def test_the_older_form_is_that_of_the_sample(cases):
    request = cases("upload-bodies.ndjson")["legacy-json"]["request"]
    file = UploadFile(request["fileName"], request["fileMimeType"], b"abc", "")
    assert legacy_body(file) == (
        b'{"fileName":"photo.png","fileMimeType":"image/png","content":"YWJj"}'
    )
