import json
from pathlib import Path

import pytest

from grokdesk.domain.account import Tier, Token
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.services.import_formats import EntryKind, ImportPreview, preview

SAMPLES = Path(__file__).parent.parent / "wire" / "samples" / "token-import-inputs.ndjson"
CASES = [json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()]

A = "tokA.synthetic.value-000000000001"
B = "tokB.synthetic.value-000000000002"


def tokens(found: ImportPreview) -> list[str]:
    return [entry.token.reveal() for entry in found.new if entry.token is not None]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_every_sample_gives_its_tokens(case: dict[str, object]) -> None:
    assert tokens(preview(str(case["text"]), ())) == case["expect"]


@pytest.mark.parametrize(
    "text",
    [
        A,
        f"sso={A}",
        f"sso={A}; sso-rw={A}",
        f"sso-rw={A}; sso={A}; cf_clearance=xyz",
        f"Cookie: foo=1; sso={A}; bar=2",
        f'"{A}",',
        f"  '{A}'  ",
        f"\u3000{A}\u200b",
        A.replace("-", "\u2013"),
        f"\ufeff{A}\r\n",
        f"# a comment\n\n{A}",
        json.dumps({"token": A}),
        json.dumps({"tokens": [A], "pool": "basic"}),
        json.dumps({"accounts": [{"sso_token": f"sso={A}"}]}),
        json.dumps({"ssoBasic": [A]}),
        json.dumps({"super": [{"token": A, "tags": ["x"]}]}),
        json.dumps([{"name": "sso", "value": A}, {"name": "other", "value": "zzz"}]),
        json.dumps({"cookies": [{"name": "sso", "value": A, "domain": ".grok.com"}]}),
        json.dumps({"token": A}) + "\n" + json.dumps({"token": A}),
        json.dumps([A], indent=4),
    ],
)
def test_every_shape_that_people_have_gives_the_token(text: str) -> None:
    assert tokens(preview(text, ())) == [A]


def test_lines_are_counted_from_one_and_kinds_are_told() -> None:
    known = [Token(B).fingerprint]
    found = preview(f"{A}\n\nshort\n{A}\n{B}\n", known)
    assert [(entry.line, entry.kind) for entry in found.entries] == [
        (1, EntryKind.NEW),
        (3, EntryKind.MALFORMED),
        (4, EntryKind.DUPLICATE),
        (5, EntryKind.DUPLICATE),
    ]
    assert found.entries[2].reason == "same as line 1"
    assert found.entries[3].reason == "already imported"


def test_lines_inside_json_are_found() -> None:
    found = preview(json.dumps({"tokens": [A, B]}, indent=2), ())
    assert [entry.line for entry in found.new] == [3, 4]


@pytest.mark.parametrize(
    ("text", "tier"),
    [
        (json.dumps({"ssoSuper": [A]}), Tier.SUPER),
        (json.dumps({"tokens": [A], "pool": "ssoHeavy"}), Tier.HEAVY),
        (json.dumps([{"token": A, "tier": "heavy"}]), Tier.HEAVY),
        (json.dumps([{"token": A, "tier": "auto"}]), None),
        (A, None),
    ],
)
def test_a_stated_tier_is_kept(text: str, tier: Tier | None) -> None:
    assert preview(text, ()).new[0].tier is tier


def test_names_and_addresses_are_kept_without_control_characters() -> None:
    entry = preview(
        json.dumps([{"token": A, "name": "wo\u202erk\x07", "email": "me@example.com"}]), ()
    ).new[0]
    assert (entry.label, entry.email) == ("work", "me@example.com")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not complete JSON"),
        (json.dumps({"provider": "other", "accounts": [A]}), "cannot be used here"),
        (json.dumps({"hello": 1}), "no tokens"),
        (json.dumps([{"user": "x"}]), "no token"),
        (json.dumps([3]), "expected a token"),
        ("x" * 17_000, "too long"),
        ("abc def; ghi", "too short"),
        ('{"token": "' + A + '"}\nnot json at all', "not JSON"),
        ("é" * 30, "characters"),
        ("[" * 100_000, "not complete JSON"),
    ],
)
def test_what_cannot_be_read_is_said_with_a_reason(text: str, reason: str) -> None:
    found = preview(text, ())
    assert any(reason in entry.reason for entry in found.malformed)


def test_nothing_in_nothing_out() -> None:
    assert preview(" \n\n", ()).entries == ()


def test_more_than_the_limit_is_refused_as_a_whole() -> None:
    text = "\n".join(f"token-number-{number:020d}" for number in range(10_001))
    with pytest.raises(InvalidRequestError, match="10,000"):
        preview(text, ())


def test_no_token_shows_in_a_preview() -> None:
    found = preview(f"{A}\n{A}\nxx", ())
    assert A not in repr(found)
    assert found.new[0].hint == "…0001"
