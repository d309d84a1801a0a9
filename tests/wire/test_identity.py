import json

import pytest

from grokdesk.domain.errors import AccountBlockedError, ProtocolChangedError, TokenRejectedError
from grokdesk.upstream.web.wire.identity import Identity, parse_identity

UUID = "2f6d0c9a-1111-4c7b-8d2e-5a0b7e9c4d10"
OTHER = "99999999-1111-4c7b-8d2e-5a0b7e9c4d10"


def parse(value):
    return parse_identity(json.dumps(value).encode())


def test_the_recorded_session_is_read(cases):
    recorded = cases("media-bodies.ndjson")
    assert parse(recorded["session-ok"]["response"]) == Identity(UUID, "someone@example.com")


def test_recorded_refusals_are_told_apart(cases):
    recorded = cases("media-bodies.ndjson")
    with pytest.raises(TokenRejectedError):
        parse(recorded["session-unauthenticated"]["response"])
    with pytest.raises(AccountBlockedError):
        parse(recorded["session-blocked"]["response"])


@pytest.mark.parametrize("status", ["UNAUTHENTICATED", "Unauthenticated"])
def test_the_status_counts_in_any_case_and_over_a_leftover_identity(status):
    with pytest.raises(TokenRejectedError):
        parse({"status": status, "session": {"userId": UUID}})


@pytest.mark.parametrize(
    "value",
    [
        {"user": {"id": UUID, "userId": OTHER, "email": "a@b.example"}},
        {"user": {"userId": UUID, "sub": OTHER, "email": "a@b.example"}},
        {"user": {"sub": UUID}, "email": "a@b.example"},
        {"id": UUID, "sub": OTHER, "email": "a@b.example"},
        {"userId": UUID.upper(), "email": "a@b.example"},
        {"session": {"userId": UUID, "email": "a@b.example"}, "user": {"id": OTHER}, "sub": OTHER},
    ],
)
def test_the_user_is_found_in_every_shape(value):
    assert parse(value) == Identity(UUID, "a@b.example")


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"null",
        b"{}",
        b'{"userId":"12345"}',
        b'{"userId":"{2f6d0c9a-1111-4c7b-8d2e-5a0b7e9c4d10}"}',
        b'{"userId":7}',
    ],
)
def test_without_a_uuid_the_protocol_changed(body):
    with pytest.raises(ProtocolChangedError):
        parse_identity(body)
