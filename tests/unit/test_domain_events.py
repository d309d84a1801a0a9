from grokdesk.domain import events
from grokdesk.domain.usage import TokenCount, UsageRow

ROW = UsageRow(
    request_id="req_1",
    started_at=1.0,
    route="/v1/chat/completions",
    model="grok",
    key_id="k",
    account_id="a",
    outcome="ok",
    first_chunk_s=0.5,
    total_s=1.0,
    tokens=TokenCount(10, 5),
    attempts=1,
    streamed=True,
)


def test_events_about_one_thing_have_it_as_their_subject():
    assert events.AccountChanged("a1").subject == "a1"
    assert events.RequestFinished(ROW).subject == "req_1"
    assert events.ImportProgress("i1", 1, 2).subject == "i1"


def test_events_about_everything_share_the_empty_subject():
    general = [
        events.Event(),
        events.AccountsChanged(),
        events.GatewayChanged(),
        events.ApiKeysChanged(),
        events.SettingsChanged(frozenset({"ui.theme"})),
    ]
    assert {event.subject for event in general} == {""}
