import dataclasses
import math
from dataclasses import dataclass, field
from typing import Annotated

import pytest

from grokdesk.domain.errors import SettingsError
from grokdesk.settings.declaration import Setting, declarations_of, shown
from grokdesk.settings.model import DECLARATIONS, Settings, declaration_of
from grokdesk.settings.serving import GatewaySettings

ALL = list(DECLARATIONS.values())


@pytest.mark.parametrize("declaration", ALL, ids=lambda declaration: declaration.key)
def test_each_setting_has_a_sentence_and_accepts_its_own_default(declaration):
    assert declaration.setting.doc.endswith(".")
    assert declaration.setting.doc[0].isupper()
    assert declaration.accept(declaration.default) == declaration.default


@pytest.mark.parametrize("declaration", ALL, ids=lambda declaration: declaration.key)
def test_each_default_survives_the_way_through_text(declaration):
    text = str(declaration.default)
    assert declaration.parse(text, called="X") == declaration.default


@pytest.mark.parametrize("declaration", ALL, ids=lambda declaration: declaration.key)
def test_seconds_and_megabytes_are_said_in_name_and_unit_alike(declaration):
    endings = {"_s": "s", "_mb": "MB", "_days": "days"}
    named = next((unit for end, unit in endings.items() if declaration.name.endswith(end)), "")
    assert declaration.setting.unit == named


def test_the_settings_are_those_that_were_agreed():
    assert set(DECLARATIONS) == {
        "gateway.host",
        "gateway.port",
        "gateway.heartbeat_s",
        "gateway.max_body_mb",
        "gateway.allowed_origins",
        "gateway.host_names",
        "gateway.demo",
        "gateway.listen_ipv6",
        "gateway.ollama",
        "gateway.ollama_open",
        "upstream.web_url",
        "upstream.assets_url",
        "upstream.socket_url",
        "upstream.chat_transport",
        "upstream.connect_timeout_s",
        "upstream.first_byte_timeout_s",
        "upstream.idle_timeout_s",
        "upstream.turn_timeout_s",
        "upstream.proxy_url",
        "upstream.assets_proxy_url",
        "upstream.clearance",
        "upstream.flaresolverr_url",
        "upstream.flaresolverr_interval_s",
        "upstream.flaresolverr_timeout_s",
        "upstream.statsig",
        "attachments.max_count",
        "attachments.max_image_side",
        "attachments.max_file_mb",
        "attachments.fetch_remote",
        "attachments.allow_http",
        "attachments.fetch_ports",
        "quota.readings_per_minute",
        "quota.basic_interval_s",
        "quota.paid_interval_s",
        "pool.max_in_flight",
        "pool.max_accounts_per_request",
        "pool.selection",
        "pool.tries_per_account",
        "pool.retry_pause_s",
        "pool.longest_retry_pause_s",
        "pool.retry_budget_s",
        "accounts.probe_on_import",
        "accounts.vault",
        "responses.retention_days",
        "metrics.enabled",
        "models.aliases",
        "models.list_aliases",
        "ui.theme",
        "ui.start_minimized",
        "ui.close_to_tray",
        "logs.level",
    }


def test_defaults_listen_on_this_computer_alone():
    assert not Settings().gateway.is_exposed
    assert GatewaySettings(host="0.0.0.0").is_exposed
    assert GatewaySettings(host="192.168.1.5").is_exposed
    assert not GatewaySettings(host="::1").is_exposed


@pytest.mark.parametrize(
    ("key", "raw", "reason"),
    [
        ("gateway.port", "80", "must be a whole number"),
        ("gateway.port", True, "must be a whole number"),
        ("gateway.port", 80.0, "must be a whole number"),
        ("gateway.port", 65_536, "must be between 0 and 65535"),
        ("gateway.port", -1, "must be between 0 and 65535"),
        ("gateway.heartbeat_s", math.nan, "must be an ordinary number"),
        ("gateway.heartbeat_s", math.inf, "must be an ordinary number"),
        ("gateway.heartbeat_s", 10**400, "must be an ordinary number"),
        ("gateway.heartbeat_s", False, "must be a number"),
        ("gateway.listen_ipv6", 1, "must be true or false"),
        ("gateway.demo", "sometimes", "must be one of auto, always, never"),
        ("gateway.demo", None, "must be a text"),
        ("ui.theme", ["dark"], "must be a text"),
        ("upstream.proxy_url", "http://a\x1b[2J", "must not contain control characters"),
        ("upstream.proxy_url", "x" * 2_001, "must be shorter than 2000 characters"),
        ("upstream.web_url", "https://evil.example", "your tokens would be sent to somebody else"),
    ],
)
def test_a_bad_value_is_refused_with_key_value_and_reason(key, raw, reason):
    with pytest.raises(SettingsError, match=reason) as caught:
        declaration_of(key).accept(raw)
    assert caught.value.key == key
    assert str(caught.value).startswith(f"{key} = ")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_a_whole_number_will_do_for_seconds():
    value = declaration_of("gateway.heartbeat_s").accept(20)
    assert (value, type(value)) == (20.0, float)


def test_a_rule_may_tidy_the_value():
    assert declaration_of("upstream.web_url").accept(" https://GROK.com/ ") == "https://grok.com"


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("gateway.port", " 8080 ", 8080),
        ("gateway.heartbeat_s", "2.5", 2.5),
        ("gateway.listen_ipv6", "YES", True),
        ("gateway.listen_ipv6", "off", False),
        ("gateway.listen_ipv6", "0", False),
        ("ui.theme", "dark", "dark"),
    ],
)
def test_text_is_parsed_by_the_kind_of_the_setting(key, text, value):
    parsed = declaration_of(key).parse(text, called="X")
    assert (parsed, type(parsed)) == (value, type(value))


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("gateway.port", "eighty"),
        ("gateway.port", "8e3"),
        ("gateway.port", "9" * 5_000),
        ("gateway.heartbeat_s", "nan"),
        ("gateway.heartbeat_s", ""),
        ("gateway.listen_ipv6", "perhaps"),
        ("gateway.listen_ipv6", "2"),
    ],
)
def test_text_that_does_not_fit_names_the_variable(key, text):
    with pytest.raises(SettingsError, match=r"^GROKDESK_X = "):
        declaration_of(key).parse(text, called="GROKDESK_X")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (True, "true"),
        (5, "5"),
        (1.5, "1.5"),
        (10**50, "a huge number"),
        ({"a": 1}, "a table"),
        ([1], "a list"),
        (None, "a NoneType"),
        ("a\nb", "'a\\nb'"),
        ("x" * 200, "'" + "x" * 79 + "…'"),
        ("http://joe:secret@proxy:1", "'http://***@proxy:1'"),
    ],
)
def test_a_value_is_shown_short_on_one_line_and_without_password(raw, text):
    assert shown(raw) == text


def test_an_unknown_key_suggests_the_nearest_one():
    with pytest.raises(SettingsError, match=r"Did you mean gateway\.port\?"):
        declaration_of("gateway.prot")
    with pytest.raises(SettingsError) as caught:
        declaration_of("zzz\n" * 1000)
    assert str(caught.value).isprintable()
    assert "mean" not in str(caught.value)


def test_settings_change_into_new_ones():
    old = Settings()
    new = old.with_values({"gateway.port": 1, "ui.theme": "dark", "gateway.demo": "never"})
    assert (new.gateway.port, new.gateway.demo, new.ui.theme) == (1, "never", "dark")
    assert old == Settings()
    assert old.differences(new) == {"gateway.port", "ui.theme", "gateway.demo"}
    assert new.value("gateway.port") == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        new.gateway.port = 2


def test_a_field_without_a_setting_is_a_mistake_of_ours():
    @dataclass(frozen=True)
    class Section:
        known: Annotated[int, Setting("Fine.")] = 1
        forgotten: int = 2

    @dataclass(frozen=True)
    class Sections:
        section: Section = field(default_factory=Section)

    Sections.__annotations__["section"] = Section
    with pytest.raises(TypeError, match=r"section\.forgotten has no Setting"):
        declarations_of(Sections)
