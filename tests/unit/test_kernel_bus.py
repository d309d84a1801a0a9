import pytest

from grokdesk.domain.events import AccountChanged, AccountsChanged, Event, GatewayChanged
from grokdesk.kernel.bus import EventBus


@pytest.fixture
def bus():
    return EventBus()


def test_a_subscriber_hears_its_kind_of_event_before_publish_returns(bus):
    heard = []
    bus.subscribe(AccountChanged, heard.append)
    bus.publish(AccountChanged("a"))
    bus.publish(GatewayChanged())
    assert heard == [AccountChanged("a")]


def test_a_subscriber_to_event_hears_everything(bus):
    heard = []
    bus.subscribe(Event, heard.append)
    bus.publish(GatewayChanged())
    bus.publish(AccountsChanged())
    assert heard == [GatewayChanged(), AccountsChanged()]


def test_subscribers_are_called_in_the_order_in_which_they_came(bus):
    order = []
    bus.subscribe(GatewayChanged, lambda _: order.append("first"))
    bus.subscribe(GatewayChanged, lambda _: order.append("second"))
    bus.publish(GatewayChanged())
    assert order == ["first", "second"]


def test_an_unsubscribed_listener_hears_nothing_more_and_may_unsubscribe_twice(bus):
    heard = []
    unsubscribe = bus.subscribe(GatewayChanged, heard.append)
    unsubscribe()
    unsubscribe()
    bus.publish(GatewayChanged())
    assert heard == []


def test_a_failing_subscriber_is_logged_and_does_not_silence_the_others(bus, caplog):
    heard = []

    def fail(_):
        raise RuntimeError("broken")

    bus.subscribe(GatewayChanged, fail)
    bus.subscribe(GatewayChanged, heard.append)
    bus.publish(GatewayChanged())
    assert heard == [GatewayChanged()]
    assert "a subscriber failed on GatewayChanged" in caplog.text
    assert "broken" in caplog.text


def test_a_subscriber_may_unsubscribe_while_it_is_called(bus):
    heard = []

    def once(event):
        heard.append(event)
        unsubscribe()

    unsubscribe = bus.subscribe(GatewayChanged, once)
    bus.subscribe(GatewayChanged, heard.append)
    bus.publish(GatewayChanged())
    bus.publish(GatewayChanged())
    assert len(heard) == 3
