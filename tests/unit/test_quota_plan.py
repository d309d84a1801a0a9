import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokdesk.services.quota_plan import ReadingPlan, Urgency

NOW = 1_000.0


@pytest.fixture
def plan():
    return ReadingPlan()


def taken(plan, elapsed=NOW, least=Urgency.ROUTINE):
    names = []
    while (entry := plan.take(elapsed, least)) is not None:
        names.append(entry.account_id)
    return names


def test_nothing_is_taken_before_it_is_due(plan):
    plan.put("a", NOW + 1)
    assert plan.take(NOW) is None
    assert plan.next_due(NOW) == NOW + 1
    assert taken(plan, NOW + 1) == ["a"]
    assert (len(plan), plan.next_due(NOW + 1)) == (0, None)


def test_what_is_due_first_goes_first_and_equals_in_order(plan):
    for name, due in (("late", 9.0), ("b", 5.0), ("a", 5.0), ("early", 1.0)):
        plan.put(name, due)
    assert taken(plan) == ["early", "b", "a", "late"]


def test_urgency_goes_before_age(plan):
    plan.put("old", 1.0)
    plan.put("refused", 900.0, Urgency.SOON)
    plan.put("asked", 999.0, Urgency.ASKED)
    assert plan.take(NOW, Urgency.ASKED).account_id == "asked"
    assert plan.take(NOW, Urgency.ASKED) is None
    assert plan.next_due(NOW) == NOW
    assert taken(plan) == ["refused", "old"]


def test_the_last_word_counts(plan):
    plan.put("a", 1.0)
    plan.put("a", NOW + 5)
    assert taken(plan) == []
    plan.drop("a")
    assert taken(plan, NOW + 5) == []
    assert "a" not in plan


def test_hastening_never_delays_and_never_calms(plan):
    plan.put("a", 500.0, Urgency.SOON)
    plan.hasten("a", 800.0)
    plan.hasten("a", 900.0, Urgency.ASKED)
    entry = plan.take(500.0)
    assert (entry.due, entry.urgency) == (500.0, Urgency.ASKED)
    plan.hasten("b", 7.0)
    assert "b" in plan


def test_what_was_due_already_may_still_become_urgent(plan):
    plan.put("a", 1.0)
    plan.put("b", 2.0)
    assert plan.next_due(NOW) == NOW
    plan.hasten("b", NOW, Urgency.ASKED)
    assert taken(plan) == ["b", "a"]


def test_it_stays_small_however_often_plans_change(plan):
    for turn in range(1_000):
        for name in range(10):
            plan.put(str(name), float(turn % 7), Urgency(turn % 3))
        plan.next_due(3.0)
        assert plan.size <= 2 * 10 + 65
    assert sorted(taken(plan)) == sorted(map(str, range(10)))


steps = st.lists(
    st.tuples(
        st.sampled_from(["put", "hasten", "drop", "take", "look"]),
        st.sampled_from("abcdef"),
        st.integers(0, 20).map(float),
        st.sampled_from(Urgency),
    ),
    max_size=60,
)


@given(steps=steps)
def test_it_does_what_a_plain_list_would_do(steps):
    plan, model, elapsed = ReadingPlan(), {}, 0.0
    for step, name, number, urgency in steps:
        match step:
            case "put":
                plan.put(name, number, urgency)
                model[name] = (number, urgency)
            case "hasten":
                plan.hasten(name, number, urgency)
                due, before = model.get(name, (number, urgency))
                model[name] = (min(due, number), min(before, urgency))
            case "drop":
                plan.drop(name)
                model.pop(name, None)
            case "look":
                elapsed = max(elapsed, number)
                dues = [due for due, _ in model.values()]
                expected = None if not dues else max(min(dues), elapsed)
                assert plan.next_due(elapsed) == expected
            case "take":
                allowed = {n for n, (due, u) in model.items() if due <= elapsed and u <= urgency}
                best = min((model[n][1] for n in allowed), default=None)
                entry = plan.take(elapsed, urgency)
                assert (entry is None) == (not allowed)
                if entry is not None:
                    assert model.pop(entry.account_id) == (entry.due, entry.urgency)
                    assert entry.urgency == best
        assert len(plan) == len(model)
