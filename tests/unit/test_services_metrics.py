"""Statistics: what is counted, what it is called, and that it costs nothing while it is off."""

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from grokdesk import __version__
from grokdesk.domain.account import Account, Tier
from grokdesk.domain.catalog import ModelCatalog, ModelKind, ModelSpec
from grokdesk.domain.errors import CircuitOpenError, UpstreamUnavailableError
from grokdesk.domain.events import (
    AttemptFinished,
    RequestFinished,
    SessionRenewed,
    UpstreamHealthChanged,
)
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow
from grokdesk.domain.usage import TokenCount, UsageRow
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import ManualClock
from grokdesk.pool.pool import AccountPool
from grokdesk.services.admission import Admission
from grokdesk.services.gateway import GatewayService, GatewayState
from grokdesk.services.metrics import MetricsService

ROOT = Path(__file__).parents[2]
CATALOG = ModelCatalog(
    (
        ModelSpec(
            "grok-fast", ModelKind.CHAT, Mode.FAST, Tier.BASIC, "Fast", 0, 1, 1, aliases=("grok-3",)
        ),
    )
)
ROW = UsageRow(
    request_id="req_1",
    started_at=0.0,
    route="chat",
    model="grok-fast",
    key_id="key",
    account_id="account-1",
    outcome="ok",
    first_chunk_s=0.3,
    total_s=4.0,
    tokens=TokenCount(prompt=100, completion=50, reasoning=20),
    attempts=1,
    streamed=True,
)
ATTEMPT = AttemptFinished("grok-fast", Mode.FAST, "account-1", "ok", "", 3.0, 0.02)


class Rig:
    def __init__(self):
        self.bus = EventBus()
        self.pool = AccountPool(ManualClock())
        self.gateway = GatewayService(self.bus)
        self.metrics = MetricsService(self.bus, self.pool, self.gateway, CATALOG)

    async def samples(self):
        """All samples by name and labels, as a scraper parses them."""
        page = await self.metrics.scrape()
        families = list(text_string_to_metric_families(page.decode()))
        assert len({family.name for family in families}) == len(families)
        return {
            (sample.name, *(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
            for family in families
            for sample in family.samples
        }

    def finish(self, **fields):
        self.bus.publish(RequestFinished(replace(ROW, **fields)))

    def attempt(self, **fields):
        self.bus.publish(replace(ATTEMPT, **fields))


@pytest.fixture
async def rig():
    rig = Rig()
    await rig.metrics.switch(True)
    yield rig
    await rig.metrics.switch(False)


async def test_requests_are_counted_by_model_route_and_outcome(rig):
    rig.finish()
    rig.finish()
    rig.finish(outcome="cancelled", first_chunk_s=None)
    rig.finish(outcome="RateLimitedError", route="responses", first_chunk_s=None)
    samples = await rig.samples()

    def requests(route, outcome):
        labels = ("model=grok-fast", f"outcome={outcome}", f"route={route}")
        return samples[("grokdesk_requests_total", *labels)]

    assert requests("chat", "ok") == 2
    assert requests("chat", "cancelled") == 1
    assert requests("responses", "RateLimitedError") == 1


async def test_tokens_add_up(rig):
    rig.finish()
    rig.finish(tokens=TokenCount(prompt=1, completion=2, reasoning=0))
    samples = await rig.samples()
    assert samples[("grokdesk_prompt_tokens_total",)] == 101
    assert samples[("grokdesk_completion_tokens_total",)] == 52
    assert samples[("grokdesk_reasoning_tokens_total",)] == 20


async def test_only_served_requests_have_a_duration(rig):
    rig.finish(total_s=4.0)
    rig.finish(total_s=0.001, outcome="NoAccountError", first_chunk_s=None)
    samples = await rig.samples()
    model = "model=grok-fast"
    assert samples[("grokdesk_request_duration_seconds_count", model)] == 1
    assert samples[("grokdesk_request_duration_seconds_sum", model)] == 4.0
    assert samples[("grokdesk_request_duration_seconds_bucket", "le=2.5", model)] == 0
    assert samples[("grokdesk_request_duration_seconds_bucket", "le=5.0", model)] == 1
    assert samples[("grokdesk_request_first_chunk_seconds_count", model)] == 1
    assert samples[("grokdesk_request_first_chunk_seconds_sum", model)] == 0.3


async def test_attempts_are_counted_by_outcome_and_verdict_and_timed(rig):
    rig.attempt()
    rig.attempt(outcome="ChallengedError", verdict="challenge", seconds=0.2, lease_wait_s=1.5)
    samples = await rig.samples()
    assert samples[("grokdesk_attempts_total", "outcome=ok", "verdict=")] == 1
    challenged = ("outcome=ChallengedError", "verdict=challenge")
    assert samples[("grokdesk_attempts_total", *challenged)] == 1
    duration = "grokdesk_attempt_duration_seconds_sum"
    assert samples[(duration, "mode=fast", "result=ok")] == 3.0
    assert samples[(duration, "mode=fast", "result=failed")] == 0.2
    assert samples[("grokdesk_lease_wait_seconds_count",)] == 2
    assert samples[("grokdesk_lease_wait_seconds_bucket", "le=0.1")] == 1


async def test_renewals_and_the_circuit_breaker(rig):
    rig.bus.publish(SessionRenewed(ok=True))
    rig.bus.publish(SessionRenewed(ok=False, reason="challenge"))
    rig.bus.publish(UpstreamHealthChanged("open", until=5.0))
    samples = await rig.samples()
    assert samples[("grokdesk_session_renewals_total", "result=ok")] == 1
    assert samples[("grokdesk_session_renewals_total", "result=failed")] == 1
    assert samples[("grokdesk_upstream_circuit_changes_total", "state=open")] == 1
    assert samples[("grokdesk_upstream_circuit_state", "state=closed")] == 1


async def test_the_state_of_the_circuit_is_right_even_if_it_changed_while_metrics_were_off():
    rig = Rig()
    rig.pool.put(Account("a", "A", "print", "…"), ())
    with pytest.raises(CircuitOpenError):
        for _ in range(50):
            with pytest.raises(UpstreamUnavailableError):
                async with rig.pool.lease(Mode.FAST, Tier.BASIC):
                    raise UpstreamUnavailableError("No answer.")
            rig.pool._members["a"].cooldown = rig.pool._members["a"].cooldown.succeeded()
    await rig.metrics.switch(True)
    samples = await rig.samples()
    await rig.metrics.switch(False)
    assert samples[("grokdesk_upstream_circuit_state", "state=open")] == 1
    assert samples[("grokdesk_upstream_circuit_state", "state=closed")] == 0


async def test_what_is_in_flight_is_seen_at_the_moment_of_the_scrape(rig):
    rig.pool.put(Account("a", "A", "print", "…"), ())
    rig.gateway.change(state=GatewayState.RUNNING)
    with Admission(rig.gateway, CATALOG.models[0]):
        async with rig.pool.lease(Mode.FAST, Tier.BASIC):
            busy = await rig.samples()
    idle = await rig.samples()
    for name in ("grokdesk_requests_in_flight", "grokdesk_leases_in_flight"):
        assert (busy[(name,)], idle[(name,)]) == (1, 0)


async def test_quota_and_states_are_sums(rig):
    rig.pool.put(
        Account("a", "A", "print-a", "…", Tier.SUPER), [QuotaWindow(Mode.FAST, 100, 40, 7200.0)]
    )
    rig.pool.put(
        Account("b", "B", "print-b", "…"),
        [QuotaWindow(Mode.FAST, 30, 7, 7200.0, provenance=Provenance.MEASURED)],
    )
    rig.pool.put(Account("c", "C", "print-c", "…", enabled=False), ())
    samples = await rig.samples()
    assert samples[("grokdesk_quota_remaining", "mode=fast", "tier=super")] == 40
    assert samples[("grokdesk_quota_limit", "mode=fast", "tier=super")] == 100
    assert samples[("grokdesk_quota_remaining", "mode=fast", "tier=unknown")] == 7
    assert samples[("grokdesk_quota_windows", "mode=fast", "provenance=measured")] == 1
    assert samples[("grokdesk_quota_windows", "mode=fast", "provenance=estimated")] == 1
    assert samples[("grokdesk_accounts", "state=ready")] == 2
    assert samples[("grokdesk_accounts", "state=disabled")] == 1
    assert samples[("grokdesk_accounts", "state=expired")] == 0


async def test_ten_thousand_accounts_are_as_many_series_as_two(rig):
    def fill(number):
        for n in range(number):
            windows = [QuotaWindow(mode, 10, 10, 7200.0) for mode in (Mode.FAST, Mode.HEAVY)]
            rig.pool.put(Account(f"a{n}", "A", f"print-{n}", "…", Tier(1 + n % 2)), windows)

    fill(2)
    few = await rig.samples()
    fill(10_000)
    many = await rig.samples()
    assert many.keys() == few.keys()
    assert many[("grokdesk_accounts", "state=ready")] == 10_000


async def test_names_that_clients_invent_share_one_series(rig):
    rig.finish()
    rig.finish(model="GROK-3")
    rig.finish(model="xai/grok-fast")
    before = await rig.samples()
    labels = ("model=grok-fast", "outcome=ok", "route=chat")
    assert before[("grokdesk_requests_total", *labels)] == 3
    for n in range(2_000):
        rig.finish(model=f"model-{n}", outcome="UnknownModelError", first_chunk_s=None)
    rig.finish(model="left-the-catalog")
    after = await rig.samples()
    models = {label for key in after for label in key if label.startswith("model=")}
    assert models == {"model=grok-fast", "model=other"}
    labels = ("model=other", "outcome=UnknownModelError", "route=chat")
    assert after[("grokdesk_requests_total", *labels)] == 2_000


async def test_no_series_tells_who_asked_or_with_which_account(rig):
    rig.finish(key_id="key-of-ada", account_id="account-of-ada", request_id="req_of_ada")
    rig.attempt(account_id="account-of-ada")
    rig.pool.put(Account("account-of-ada", "ada@example.org", "print-of-ada", "…-ada"), ())
    page = await rig.metrics.scrape()
    assert b"ada" not in page


async def test_names_follow_the_conventions(rig):
    rig.finish()
    rig.attempt()
    page = (await rig.metrics.scrape()).decode()
    for family in text_string_to_metric_families(page):
        assert family.documentation.endswith(".")
        assert family.name.startswith(("grokdesk_", "process_"))
        if family.type == "histogram":
            assert family.name.endswith("_seconds")
        if family.type == "gauge":
            assert not family.name.endswith("_total")
    assert "_created" not in page


async def test_the_lag_of_the_loop_is_kept_until_it_was_seen(rig):
    rig.metrics._running.lag._longest = 0.25
    rig.metrics._running.instruments.loop_was_late(0.25)
    first, second = await rig.samples(), await rig.samples()
    assert first[("grokdesk_loop_lag_max_seconds",)] == 0.25
    assert second[("grokdesk_loop_lag_max_seconds",)] == 0.0
    assert second[("grokdesk_loop_lag_seconds_count",)] == 1


async def test_version_and_process_are_told(rig):
    samples = await rig.samples()
    version = f"version={__version__}"
    assert any(key[0] == "grokdesk_build_info" and version in key for key in samples)
    if os.path.exists("/proc/self/stat"):
        assert samples[("process_resident_memory_bytes",)] > 10_000_000
        assert samples[("process_open_fds",)] > 2
        assert samples[("process_cpu_seconds_total",)] > 0


async def test_off_it_hears_nothing_and_has_no_timer():
    rig = Rig()
    assert await rig.metrics.scrape() is None
    await rig.metrics.switch(True)
    await rig.metrics.switch(False)
    assert await rig.metrics.scrape() is None
    assert not any(rig.bus._subscribers.values())
    loop = asyncio.get_running_loop()
    assert not [handle for handle in loop._scheduled if not handle.cancelled()]


async def test_switched_on_again_it_counts_from_zero_and_once(rig):
    rig.finish()
    await rig.metrics.switch(True)
    rig.finish()
    assert (await rig.samples())[("grokdesk_prompt_tokens_total",)] == 200
    await rig.metrics.switch(False)
    await rig.metrics.switch(True)
    rig.finish()
    assert (await rig.samples())[("grokdesk_prompt_tokens_total",)] == 100


async def test_requests_may_finish_while_a_scrape_is_written(rig):
    for n in range(200):
        rig.finish(route=f"route-{n}")
    scrapes = [asyncio.ensure_future(rig.samples()) for _ in range(5)]
    for n in range(200, 600):
        rig.finish(route=f"route-{n}")
        if n % 20 == 0:
            await asyncio.sleep(0.001)
    for samples in await asyncio.gather(*scrapes):
        assert samples[("grokdesk_prompt_tokens_total",)] >= 20_000
    assert (await rig.samples())[("grokdesk_prompt_tokens_total",)] == 60_000


def test_the_library_is_loaded_only_once_metrics_are_wanted():
    code = (
        "import sys, grokdesk.app.core, grokdesk.services.metrics; "
        "print('prometheus_client' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"
