import pytest

from grokdesk.domain.account import Tier
from grokdesk.domain.catalog import ModelCatalog, ModelKind, ModelSpec
from grokdesk.domain.errors import UnknownModelError
from grokdesk.domain.quota import Mode


def spec(model_id, *aliases, kind=ModelKind.CHAT):
    return ModelSpec(
        id=model_id,
        kind=kind,
        mode=Mode.FAST,
        floor=Tier.BASIC,
        display_name=model_id.title(),
        created=1,
        context_window=1000,
        max_output_tokens=100,
        aliases=aliases,
    )


FAST = spec("grok-chat-fast", "grok-3", "Grok-4-Mini")
AUTO = spec("grok-chat-auto", "grok-4")
DRAW = spec("grok-imagine", kind=ModelKind.IMAGE)
CATALOG = ModelCatalog((FAST, AUTO, DRAW))


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("grok-chat-fast", FAST),
        ("GROK-Chat-Fast", FAST),
        ("  grok-chat-auto\n", AUTO),
        ("grok-3", FAST),
        ("grok-4-mini", FAST),
        ("xai/grok-4", AUTO),
        ("x-ai/grok-4", AUTO),
        ("openai/grok-4", AUTO),
        ("Grok/grok-imagine", DRAW),
        ("grokdesk/grok-3", FAST),
    ],
)
def test_a_name_finds_its_model_in_any_case_by_alias_and_with_a_provider_prefix(name, model):
    assert CATALOG.resolve(name) is model


@pytest.mark.parametrize("name", ["", "gpt-5", "xai/openai/grok-4", "grok-4 please"])
def test_an_unknown_name_is_refused_and_never_replaced(name):
    with pytest.raises(UnknownModelError) as caught:
        CATALOG.resolve(name)
    assert caught.value.model == name


def test_a_slip_of_the_pen_gets_the_id_of_the_nearest_model():
    with pytest.raises(UnknownModelError, match="Did you mean 'grok-chat-fast'") as caught:
        CATALOG.resolve("grok-chat-fsat")
    assert caught.value.suggestion == "grok-chat-fast"


def test_a_slip_near_an_alias_suggests_the_id_behind_it():
    with pytest.raises(UnknownModelError) as caught:
        CATALOG.resolve("grok-4-minni")
    assert caught.value.suggestion == "grok-chat-fast"


def test_a_name_like_nothing_we_have_gets_no_suggestion():
    with pytest.raises(UnknownModelError) as caught:
        CATALOG.resolve("zzzzzzzz")
    assert caught.value.suggestion is None


def test_an_endless_name_is_looked_up_by_its_beginning_alone():
    with pytest.raises(UnknownModelError):
        CATALOG.resolve("grok-" * 100_000)


def test_models_are_listed_by_kind_in_their_order():
    assert CATALOG.of_kind(ModelKind.CHAT) == (FAST, AUTO)
    assert CATALOG.of_kind(ModelKind.IMAGE) == (DRAW,)
    assert CATALOG.of_kind(ModelKind.VIDEO) == ()


@pytest.mark.parametrize("other", [spec("grok-chat-auto"), spec("x", "GROK-4")])
def test_no_name_may_belong_to_two_models(other):
    with pytest.raises(ValueError, match="used twice"):
        ModelCatalog((AUTO, other))


def test_an_alias_may_repeat_the_id_of_its_own_model():
    model = spec("grok", "Grok")
    assert ModelCatalog((model,)).resolve("grok") is model
