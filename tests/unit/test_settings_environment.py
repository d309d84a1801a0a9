import pytest

from grokdesk.domain.errors import SettingsError
from grokdesk.settings.environment import read_environment, variable_of
from grokdesk.settings.layers import Layers, Source
from grokdesk.settings.model import DECLARATIONS


def test_each_setting_has_a_variable_of_its_own():
    variables = {variable_of(key) for key in DECLARATIONS}
    assert len(variables) == len(DECLARATIONS)
    assert variable_of("gateway.max_body_mb") == "GROKDESK_GATEWAY_MAX_BODY_MB"


def test_variables_are_read_by_the_kind_of_their_setting():
    environ = {
        "GROKDESK_GATEWAY_PORT": "9000",
        "GROKDESK_UI_START_MINIMIZED": "yes",
        "GROKDESK_UPSTREAM_IDLE_TIMEOUT_S": "7.5",
        "GROKDESK_HOME": "/x",
        "PORT": "1",
        "HOST": "0.0.0.0",
    }
    assert read_environment(environ) == {
        "gateway.port": 9000,
        "ui.start_minimized": True,
        "upstream.idle_timeout_s": 7.5,
    }


def test_an_empty_variable_is_not_set():
    assert read_environment({"GROKDESK_GATEWAY_PORT": "", "GROKDESK_UI_THEME": ""}) == {}


def test_a_bad_variable_is_named_with_its_value():
    with pytest.raises(SettingsError, match="GROKDESK_GATEWAY_PORT = 'many'") as caught:
        read_environment({"GROKDESK_GATEWAY_PORT": "many"})
    assert caught.value.key == "gateway.port"


LAYERS = Layers(
    flags={"gateway.port": 1},
    environment={"gateway.port": 2, "ui.theme": "dark"},
    file={"gateway.port": 3, "ui.theme": "light", "logs.level": "debug"},
)


@pytest.mark.parametrize(
    ("key", "value", "source", "pin"),
    [
        ("gateway.port", 1, Source.FLAG, "the command line"),
        ("ui.theme", "dark", Source.ENVIRONMENT, "GROKDESK_UI_THEME"),
        ("logs.level", "debug", Source.FILE, ""),
        ("pool.max_in_flight", 8, Source.DEFAULT, ""),
    ],
)
def test_flag_beats_environment_beats_file_beats_default(key, value, source, pin):
    assert LAYERS.explain(key) == (value, source)
    assert LAYERS.settings().value(key) == value
    assert LAYERS.pinned_by(key) == pin


def test_a_new_file_leaves_the_other_layers():
    layers = LAYERS.with_file({"logs.level": "error"})
    assert layers.settings().logs.level == "error"
    assert layers.settings().gateway.port == 1
