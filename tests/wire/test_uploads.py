import json

import pytest

from grokdesk.domain.errors import ContentRefusedError, ProtocolChangedError
from grokdesk.upstream.web.wire.uploads import Upload, parse_upload

ID = "0f9d2c31-eeee-4c00-9000-0000000004"
USER = "users/2f6d0c9a-1111-4c7b-8d2e-5a0b7e9c4d10"


@pytest.mark.parametrize(
    ("case", "upload"),
    [
        ("legacy-json", Upload(f"{ID}01", f"{ID}01", f"{USER}/{ID}01/content")),
        ("v2-complete", Upload(f"{ID}02", f"{ID}02", f"{USER}/{ID}02/content")),
        ("v2-async-only-upload-id", Upload("up-0003")),
        ("v2-imagine", Upload(f"{ID}05", f"{ID}05", f"{USER}/{ID}05/content")),
    ],
)
def test_recorded_answers_are_read(case, upload, cases):
    assert (
        parse_upload(json.dumps(cases("upload-bodies.ndjson")[case]["response"]).encode()) == upload
    )


def test_a_recorded_rejection_names_the_reason(cases):
    body = json.dumps(cases("upload-bodies.ndjson")["v2-rejected"]["response"]).encode()
    with pytest.raises(ContentRefusedError) as caught:
        parse_upload(body)
    assert caught.value.excerpt == "File type not supported"


@pytest.mark.parametrize("nothing", [None, False, 0, "", {}])
def test_an_empty_error_is_none(nothing):
    body = json.dumps({"uploadId": "up", "terminalError": nothing}).encode()
    assert parse_upload(body) == Upload("up")


def test_a_rejection_in_another_form_is_one_all_the_same():
    with pytest.raises(ContentRefusedError):
        parse_upload(b'{"uploadId":"up","terminalError":"TOO_LARGE"}')


def test_the_file_id_does_when_there_is_no_metadata_id():
    assert parse_upload(b'{"uploadId":"up","fileMetadata":{"fileId":"f1"}}') == Upload("f1")


@pytest.mark.parametrize("body", [b"{}", b"[]", b"<html>", b'{"fileMetadata":{"fileId":5}}'])
def test_an_answer_without_any_id_means_that_the_protocol_changed(body):
    with pytest.raises(ProtocolChangedError):
        parse_upload(body)
