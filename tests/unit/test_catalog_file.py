from datetime import UTC, datetime

import pytest

from grokdesk.app.resources import resource_text
from grokdesk.domain.account import Tier
from grokdesk.domain.catalog import ModelKind
from grokdesk.domain.errors import SettingsError
from grokdesk.domain.quota import Mode
from grokdesk.settings.catalog import load_catalog, parse_catalog

ENTRY = """\
[[model]]
id = "one"
kind = "chat"
mode = "fast"
floor = "basic"
display_name = "One"
created = 2026-08-01
context_window = 1000
max_output_tokens = 100
reasoning = true
aliases = ["uno", "ein/s"]
"""
SECOND = ENTRY.replace('"one"', '"two"').replace('"uno", "ein/s"', "")


def changed(old, new):
    assert old in ENTRY
    return f"# a comment\n{SECOND}\n{ENTRY.replace(old, new)}"


@pytest.fixture
def bundled():
    return resource_text("models.toml")


def test_an_entry_becomes_a_model():
    (model,) = parse_catalog(ENTRY).models
    assert (model.id, model.kind, model.mode) == ("one", ModelKind.CHAT, Mode.FAST)
    assert (model.floor, model.display_name) == (Tier.BASIC, "One")
    assert (model.context_window, model.max_output_tokens) == (1000, 100)
    assert model.reasoning
    assert model.aliases == ("uno", "ein/s")
    assert model.created == datetime(2026, 8, 1, tzinfo=UTC).timestamp()


def test_what_makes_pictures_may_count_in_a_mode_of_its_own():
    (model,) = parse_catalog(ENTRY.replace("chat", "image").replace("fast", "image_pro")).models
    assert (model.kind, model.mode) == (ModelKind.IMAGE, Mode.IMAGE_PRO)


@pytest.mark.parametrize("kind", ModelKind)
def test_no_model_is_counted_in_weekly_credits(kind):
    with pytest.raises(SettingsError, match="mode = 'weekly' must be one of"):
        parse_catalog(ENTRY.replace("chat", kind).replace("fast", "weekly"))


def test_reasoning_and_aliases_may_be_left_out():
    text = "\n".join(line for line in ENTRY.splitlines() if line[:3] not in ("rea", "ali"))
    (model,) = parse_catalog(text).models
    assert (model.reasoning, model.aliases) == (False, ())


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('id = "one"\n', "", r"^line 14, model 2: has no 'id'"),
        ('"one"', "7", r"^line 15, model 2: 7 cannot be the name"),
        ('"one"', '"o n e"', r"^line 15, model 'o n e': 'o n e' cannot be the name"),
        ('"one"', '"two"', r"^line 14, model 'two': the name 'two' already belongs to 'two'"),
        ('"uno"', '"TWO"', r"model 'one': the name 'TWO' already belongs to 'two'"),
        ('"uno"', "1", r"^line 24, model 'one': 1 cannot be the name"),
        ('["uno", "ein/s"]', '"uno"', r"^line 24, model 'one': aliases must be a list"),
        ('"chat"', '"chess"', r"^line 16, model 'one': kind = 'chess' must be one of chat, "),
        ('"fast"', "[]", r"^line 17, .*: mode = a list must be one of fast, auto, expert, heavy"),
        (
            '"fast"',
            '"video"',
            r"^line 17, .*: mode = 'video' must be one of fast, auto, expert, heavy",
        ),
        ('"basic"', '"gold"', r"^line 18, .*: floor = 'gold' must be one of basic, super, heavy"),
        ('"One"', '""', r"^line 19, .*display_name must be a text"),
        ('"One"', '"a\\nb"', r"^line 19, .*display_name must be a text"),
        ("2026-08-01", "2026-08-01T00:00:00", r"^line 20, .*created must be a day"),
        ("2026-08-01", "1785542400", r"^line 20, .*created must be a day"),
        ("1000", "0", r"^line 21, .*context_window must be a number of tokens"),
        ("100\n", "true\n", r"^line 22, .*max_output_tokens must be a number of tokens"),
        ("reasoning = true", "reasoning = 1", r"^line 23, .*reasoning must be true or false"),
        ("reasoning = true", "colour = 1", r"^line 23, .*'colour' is not something that a model"),
        ('kind = "chat"\n', "", r"^line 14, model 'one': has no 'kind'"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_model(old, new, problem):
    with pytest.raises(SettingsError, match=problem) as caught:
        parse_catalog(changed(old, new))
    assert caught.value.key == "catalog"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", r"there is no \[\[model\]\]"),
        ("model = []", "there is no"),
        ("[model]\nid = 'x'", "there is no"),
        ("model = [1]", "^line 1, model 1: has no 'id'"),
        ("version = 1\n" + ENTRY, "'version' is unknown"),
        ("[[model]\n", "line 1"),
        ("x = " + "9" * 5_000, "beyond all measure"),
        ("x = " + "[" * 100_000, "beyond all measure"),
    ],
)
def test_what_is_no_catalog_is_refused(text, problem):
    with pytest.raises(SettingsError, match=problem):
        parse_catalog(text)


def test_the_users_catalog_replaces_ours_as_a_whole(bundled, tmp_path):
    user_file = tmp_path / "models.toml"
    user_file.write_text(ENTRY)
    catalog, notices = load_catalog(bundled, user_file)
    assert [model.id for model in catalog.models] == ["one"]
    assert notices == ()


def test_without_a_users_catalog_ours_is_offered(bundled, tmp_path):
    ours = parse_catalog(bundled)
    assert load_catalog(bundled, None) == (ours, ())
    assert load_catalog(bundled, tmp_path / "models.toml") == (ours, ())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"[[model]", "line 1"),
        (b"\xff", "it is not UTF-8"),
        (b"", "there is no"),
        (None, "directory"),
    ],
)
def test_a_bad_users_catalog_is_a_notice_and_ours_is_offered(bundled, tmp_path, data, reason):
    user_file = tmp_path / "models.toml"
    user_file.mkdir() if data is None else user_file.write_bytes(data)
    catalog, (notice,) = load_catalog(bundled, user_file)
    assert catalog == parse_catalog(bundled)
    assert notice.startswith(f"{user_file} is not used: ")
    assert reason in notice


def test_our_catalog_offers_the_chat_models_in_the_order_of_their_modes(bundled):
    catalog = parse_catalog(bundled)
    assert [(model.id, model.mode, model.floor) for model in catalog.models] == [
        ("grok-chat-fast", Mode.FAST, Tier.BASIC),
        ("grok-chat-auto", Mode.AUTO, Tier.SUPER),
        ("grok-chat-expert", Mode.EXPERT, Tier.SUPER),
        ("grok-chat-heavy", Mode.HEAVY, Tier.HEAVY),
    ]


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("grok-3", "fast"),
        ("grok-3-mini", "fast"),
        ("grok-3-thinking", "expert"),
        ("grok-4", "auto"),
        ("grok-4-mini", "fast"),
        ("grok-4-thinking", "expert"),
        ("grok-4-heavy", "heavy"),
        ("grok-4.1-mini", "fast"),
        ("grok-4.1-fast", "fast"),
        ("grok-4.1-expert", "expert"),
        ("grok-4.1-thinking", "expert"),
        ("grok-4.20-fast", "fast"),
        ("grok-4.20", "auto"),
        ("grok-4.20-think", "expert"),
        ("grok-4.20-fast-super", "fast"),
        ("grok-4.20-fast-heavy", "fast"),
        ("grok-4.20-heavy", "heavy"),
        ("grok-4.20-think-heavy", "expert"),
        ("grok-4.20-multi-agent", "heavy"),
        ("grok-4.3-beta", "auto"),
        ("grok-4.20-0309-non-reasoning", "fast"),
        ("grok-4.20-0309-non-reasoning-super", "fast"),
        ("grok-4.20-0309-non-reasoning-heavy", "fast"),
        ("grok-4.20-0309", "auto"),
        ("grok-4.20-0309-super", "auto"),
        ("grok-4.20-0309-heavy", "auto"),
        ("grok-4.20-0309-reasoning", "expert"),
        ("grok-4.20-0309-reasoning-super", "expert"),
        ("grok-4.20-0309-reasoning-heavy", "expert"),
        ("grok-4.20-multi-agent-0309", "heavy"),
        ("grok-4.20-auto", "auto"),
        ("grok-4.20-expert", "expert"),
    ],
)
def test_the_names_of_earlier_models_lead_to_the_mode_that_succeeded_them(bundled, name, mode):
    assert parse_catalog(bundled).resolve(name).mode.value == mode
