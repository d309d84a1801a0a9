"""GET /metrics: absent until it is wanted, and then for holders of a key only."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from grokdesk.domain.errors import UpstreamUnavailableError
from tests.gateway.live_core import live_core
from tests.gateway.stand_in import chat_body, fails


async def get(http, gateway, path="/metrics", **headers):
    async with http.get(gateway.origin + path, headers=headers or gateway.headers) as response:
        return response.status, response.headers, await response.text()


async def ask(http, gateway, **fields):
    url = gateway.origin + "/v1/chat/completions"
    async with http.post(url, json=chat_body(**fields), headers=gateway.headers) as response:
        await response.read()


def values(page):
    families = text_string_to_metric_families(page)
    return {
        (sample.name, *(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.fixture
async def gateway(start_gateway):
    gateway = await start_gateway()
    yield gateway
    await gateway.services.metrics.switch(False)


async def test_while_it_is_off_there_is_no_such_path(http, gateway):
    for path in ("/metrics", "/v1/metrics"):
        status, _, text = await get(http, gateway, path)
        assert status == 404
        assert "metrics.enabled" in text


@pytest.mark.parametrize("on", [False, True])
async def test_without_a_key_nobody_learns_whether_it_is_on(http, gateway, on):
    await gateway.services.metrics.switch(on)
    status, headers, text = await get(http, gateway, Accept="text/plain")
    assert status == 401
    assert headers["WWW-Authenticate"] == "Bearer"
    assert "grokdesk_" not in text


async def test_it_takes_effect_at_once_in_both_directions(http, gateway):
    for on, expected in [(True, 200), (False, 404), (True, 200)]:
        await gateway.services.metrics.switch(on)
        assert (await get(http, gateway))[0] == expected


async def get_live(http, live):
    services = live.core.services
    url = services.gateway.snapshot().base_url.removesuffix("/v1") + "/metrics"
    headers = {"Authorization": f"Bearer {services.keys.fresh}"}
    async with http.get(url, headers=headers) as response:
        return response.status, await response.text()


async def test_the_setting_takes_effect_at_once(http, tmp_path):
    async with live_core(tmp_path) as live:
        await live.add("healthy-account-token-super")
        assert (await get_live(http, live))[0] == 404
        for on, expected in [(True, 200), (False, 404), (True, 200)]:
            await live.core.services.settings.update({"metrics.enabled": on})
            await live.ask()
            status, text = await get_live(http, live)
            assert status == expected
            assert ('grokdesk_attempts_total{outcome="ok"' in text) is on


async def test_a_start_with_the_setting_counts_from_the_first_request_on(http, tmp_path):
    async with live_core(tmp_path, metrics_enabled="true") as live:
        await live.add("healthy-account-token-super")
        await live.ask()
        _, text = await get_live(http, live)
        assert 'grokdesk_attempts_total{outcome="ok",verdict=""} 1.0' in text


async def test_requests_are_seen_in_the_format_that_prometheus_reads(http, gateway):
    await gateway.services.metrics.switch(True)
    await ask(http, gateway)
    await ask(http, gateway, stream=True)
    gateway.upstream.play = fails(UpstreamUnavailableError("No answer."), "Well,")
    await ask(http, gateway)
    status, headers, page = await get(http, gateway)
    assert status == 200
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = values(page)
    labels = ("model=grok-fast", "outcome={}", "route=chat.completions")
    for outcome, requests in [("ok", 2), ("UpstreamUnavailableError", 1)]:
        key = tuple(label.format(outcome) for label in labels)
        assert found[("grokdesk_requests_total", *key)] == requests
    assert found[("grokdesk_attempts_total", "outcome=ok", "verdict=")] == 2
    assert found[("grokdesk_attempt_duration_seconds_count", "mode=fast", "result=failed")] == 1
    assert found[("grokdesk_lease_wait_seconds_count",)] == 3
    assert found[("grokdesk_accounts", "state=ready")] == 1
    assert found[("grokdesk_requests_in_flight",)] == 0


async def test_a_paused_gateway_still_tells_its_figures(http, gateway):
    await gateway.services.metrics.switch(True)
    gateway.services.gateway.pause()
    assert (await get(http, gateway))[0] == 200
