import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grokdesk.domain.errors import SettingsError
from grokdesk.settings.codec import decode, encode
from grokdesk.settings.model import DECLARATIONS

FILE = """\
# my notes
[gateway]
port = 9000  # because 18787 is taken

[future]   # of a newer version
list = [1, 2, 3]
when = 2026-08-01

[ui]
theme = 'dark'
unknown = "stays"
"""


def test_known_values_are_read_and_each_unknown_name_is_a_problem():
    decoded = decode(FILE)
    assert decoded.values == {"gateway.port": 9000, "ui.theme": "dark"}
    assert [problem.key for problem in decoded.problems] == ["future", "ui.unknown"]


def test_one_bad_value_costs_its_own_key_alone():
    decoded = decode("[gateway]\nport = 'many'\nmax_body_mb = 32\n")
    assert decoded.values == {"gateway.max_body_mb": 32}
    (problem,) = decoded.problems
    assert str(problem) == "gateway.port = 'many': must be a whole number."


@pytest.mark.parametrize(
    "text",
    [
        "gateway = 5",
        "gateway = [1]",
        "[[gateway]]\nport = 1",
        '"gateway.port" = 1',
        "port = 1",
        "[gateway.port]\nx = 1",
        '[gateway]\n"port.x" = 1',
    ],
)
def test_a_value_in_the_wrong_place_is_a_problem_and_no_value(text):
    decoded = decode(text)
    assert decoded.values == {}
    assert len(decoded.problems) == 1


@pytest.mark.parametrize(
    "text", ["gateway.port = 1", "gateway = { port = 1 }", "[gateway]\nport=1"]
)
def test_every_way_to_write_a_table_is_understood(text):
    assert decode(text).values == {"gateway.port": 1}


def test_broken_toml_is_told_with_its_line():
    with pytest.raises(SettingsError, match="line 2"):
        decode("[gateway]\nport = = 1")


@pytest.mark.parametrize("text", ["x = " + "9" * 5_000, "x = " + "[" * 100_000])
def test_numbers_and_lists_beyond_measure_break_nothing_else(text):
    with pytest.raises(SettingsError):
        decode(text)


def test_a_huge_number_in_a_setting_is_a_problem_like_any_other():
    (problem,) = decode(f"gateway.port = 0x{'F' * 5_000}").problems
    assert "a huge number" in str(problem)


def test_a_change_keeps_comments_order_and_unknown_keys():
    edited = encode(FILE, {"gateway.port": 9001, "ui.start_minimized": True})
    assert edited == FILE.replace("9000", "9001").replace(
        '"stays"\n', '"stays"\nstart_minimized = true\n'
    )


def test_none_removes_the_key_and_nothing_around_it():
    edited = encode(FILE, {"gateway.port": None, "logs.level": None, "gateway.host": None})
    assert "port" not in edited
    assert "# my notes" in edited
    assert decode(edited).values == {"ui.theme": "dark"}


def test_a_new_file_starts_with_a_word_about_itself():
    text = encode("", {"gateway.port": 1})
    assert text.startswith("# Settings of Grokdesk.")
    assert decode(text).values == {"gateway.port": 1}


def test_something_else_in_the_place_of_a_section_gives_way():
    assert decode(encode("gateway = 5\n", {"gateway.port": 1})).values == {"gateway.port": 1}


@pytest.mark.parametrize(
    "text",
    [
        "gateway.port = 1\ngateway.demo = 'auto'\n",
        "gateway = { port = 1, demo = 'auto' }\n",
        "[gateway]\nport = 1\n[ui]\ntheme = 'dark'\n[gateway.extra]\nx = 1\n",
        "[gateway]\r\nport = 1\r\n",
        "[gateway]\nport = 1",
        "[gateway.extra]\nx = 1\n[ui]\n[gateway]\nport = 1\n",
    ],
)
def test_a_change_succeeds_in_every_layout(text):
    changes = {"gateway.port": 5, "gateway.max_body_mb": 7, "logs.level": "debug"}
    edited = encode(text, changes)
    assert changes.items() <= decode(edited).values.items()
    before, after = tomllib.loads(text), tomllib.loads(edited)
    assert after["gateway"].get("extra") == before["gateway"].get("extra")


def test_when_the_comments_cannot_be_kept_the_values_are(monkeypatch):
    def fail(_):
        raise KeyError("a layout that the editor does not know")

    monkeypatch.setattr("tomlkit.parse", fail)
    edited = encode(FILE, {"gateway.port": 5})
    assert decode(edited).values == {"gateway.port": 5, "ui.theme": "dark"}
    assert tomllib.loads(edited)["future"]["list"] == [1, 2, 3]


def test_an_edit_that_would_read_back_wrong_is_not_trusted(monkeypatch):
    monkeypatch.setattr("tomlkit.parse", lambda _: {"gateway": {"port": 1}, "ui": {}})
    edited = encode(FILE, {"gateway.max_body_mb": 5})
    assert decode(edited).values == {
        "gateway.port": 9000,
        "gateway.max_body_mb": 5,
        "ui.theme": "dark",
    }


values = st.sampled_from(list(DECLARATIONS.values())).flatmap(
    lambda declaration: st.tuples(
        st.just(declaration.key),
        st.sampled_from(declaration.choices)
        if declaration.choices
        else st.just(declaration.default),
    )
)
junk = st.dictionaries(
    st.sampled_from(["gateway", "ui", "mine", "zwei.drei", "日本"]),
    st.dictionaries(
        st.sampled_from(["port", "theme", "note", "a b"]),
        st.integers(-9, 9)
        | st.booleans()
        | st.text(max_size=8)
        | st.lists(st.integers(), max_size=3),
        max_size=4,
    ),
    max_size=4,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(document=junk, changes=st.dictionaries(*[st.nothing()] * 2) | st.lists(values).map(dict))
def test_whatever_is_in_the_file_a_change_is_read_back_and_strangers_stay(document, changes):
    import tomlkit

    text = tomlkit.dumps(document)
    edited = encode(text, changes)
    assert changes.items() <= decode(edited).values.items()
    after = tomllib.loads(edited)
    for section, content in document.items():
        for name, raw in content.items():
            if f"{section}.{name}" not in changes:
                assert after[section][name] == raw
