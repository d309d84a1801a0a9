"""Counters, histograms and their text in Prometheus' format: the home of prometheus_client.

Only `services.metrics` imports this, and only once metrics are wanted.
"""

import platform
from collections.abc import Iterable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from grokdesk import __version__
from grokdesk.domain.account import AccountState, Tier
from grokdesk.domain.catalog import ModelCatalog
from grokdesk.domain.errors import UnknownModelError
from grokdesk.domain.events import (
    AttemptFinished,
    RequestFinished,
    SessionRenewed,
    UpstreamHealthChanged,
)
from grokdesk.pool.breaker import Circuit
from grokdesk.services.figures import PoolFigures, Reading, sum_up

_OTHER = "other"
_REPLY_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0, 300.0, 600.0)
_WAIT_S = (0.001, 0.01, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_LAG_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class Instruments:
    """Fed on the loop; `expose` may run in another thread.

    Labels are names of ours alone, so that no client can make their number grow.
    """

    def __init__(self, catalog: ModelCatalog) -> None:
        self._catalog = catalog
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)  # gives nothing where there is no /proc
        self._requests = self._counter(
            "grokdesk_requests", "Finished requests.", "model", "route", "outcome"
        )
        self._duration = self._histogram(
            "grokdesk_request_duration_seconds", "Of requests that were served.", _REPLY_S, "model"
        )
        self._first_chunk = self._histogram(
            "grokdesk_request_first_chunk_seconds",
            "From a request to the first piece of its answer.",
            _REPLY_S,
            "model",
        )
        self._prompt = self._counter("grokdesk_prompt_tokens", "Tokens asked, estimated.")
        self._completion = self._counter("grokdesk_completion_tokens", "Tokens said, estimated.")
        self._reasoning = self._counter(
            "grokdesk_reasoning_tokens", "The part of the completion tokens that is reasoning."
        )
        self._attempts = self._counter(
            "grokdesk_attempts", "Tries with one account.", "outcome", "verdict"
        )
        self._attempt_duration = self._histogram(
            "grokdesk_attempt_duration_seconds",
            "From the begin of a try to its end.",
            _REPLY_S,
            "mode",
            "result",
        )
        self._lease_wait = self._histogram(
            "grokdesk_lease_wait_seconds", "Wait for a free account.", _WAIT_S
        )
        self._renewals = self._counter(
            "grokdesk_session_renewals", "Browser sessions begun after a challenge.", "result"
        )
        self._circuit_changes = self._counter(
            "grokdesk_upstream_circuit_changes", "Changes of the circuit breaker.", "state"
        )
        self._lag = self._histogram(
            "grokdesk_loop_lag_seconds", "How late the event loop was, once per second.", _LAG_S
        )

    def request_finished(self, event: RequestFinished) -> None:
        row = event.row
        model = self._model(row.model, row.outcome)
        self._requests.labels(model, row.route, row.outcome).inc()
        if row.outcome == "ok":
            self._duration.labels(model).observe(row.total_s)
        if row.first_chunk_s is not None:
            self._first_chunk.labels(model).observe(row.first_chunk_s)
        self._prompt.inc(row.tokens.prompt)
        self._completion.inc(row.tokens.completion)
        self._reasoning.inc(row.tokens.reasoning)

    def attempt_finished(self, event: AttemptFinished) -> None:
        self._attempts.labels(event.outcome, event.verdict).inc()
        result = event.outcome if event.outcome in ("ok", "cancelled") else "failed"
        self._attempt_duration.labels(event.mode.value, result).observe(event.seconds)
        self._lease_wait.observe(event.lease_wait_s)

    def session_renewed(self, event: SessionRenewed) -> None:
        self._renewals.labels("ok" if event.ok else "failed").inc()

    def upstream_health_changed(self, event: UpstreamHealthChanged) -> None:
        self._circuit_changes.labels(event.state).inc()

    def loop_was_late(self, seconds: float) -> None:
        self._lag.observe(seconds)

    def expose(self, reading: Reading) -> bytes:
        return generate_latest(_Page(self._registry, reading))

    def _model(self, name: str, outcome: str) -> str:
        if outcome == UnknownModelError.__name__:
            return _OTHER
        try:
            return self._catalog.resolve(name).id
        except UnknownModelError:
            return _OTHER

    def _counter(self, name: str, help: str, *labels: str) -> Counter:
        return Counter(name, help, labels, registry=self._registry)

    def _histogram(
        self, name: str, help: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(name, help, labels, buckets=buckets, registry=self._registry)


class _Page:
    """What was counted, then what was read."""

    def __init__(self, registry: CollectorRegistry, reading: Reading) -> None:
        self._registry = registry
        self._reading = reading

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            # One more line per series, which says when it was first used.
            metric.samples = [s for s in metric.samples if not s.name.endswith("_created")]
            yield metric
        yield from _moment(self._reading)
        yield from _pool(sum_up(self._reading.views))


def _moment(reading: Reading) -> Iterator[Metric]:
    yield _gauge(
        "grokdesk_build_info",
        "The running version.",
        ("version", "python"),
        [((__version__, platform.python_version()), 1)],
    )
    yield GaugeMetricFamily(
        "grokdesk_requests_in_flight", "Requests being served.", reading.requests_in_flight
    )
    yield GaugeMetricFamily(
        "grokdesk_leases_in_flight", "Calls to grok.com that run now.", reading.leases_in_flight
    )
    yield GaugeMetricFamily(
        "grokdesk_loop_lag_max_seconds",
        "The latest that the event loop was since the last scrape.",
        reading.longest_lag_s,
    )
    yield _gauge(
        "grokdesk_upstream_circuit_state",
        "1 for the state that the circuit breaker is in.",
        ("state",),
        [((state.value,), state is reading.circuit) for state in Circuit],
    )


def _pool(figures: PoolFigures) -> Iterator[Metric]:
    by_mode_and_tier = ("mode", "tier")
    yield _gauge(
        "grokdesk_accounts",
        "Accounts by state.",
        ("state",),
        [((state.value,), figures.states[state]) for state in AccountState],
    )
    yield _gauge(
        "grokdesk_quota_remaining",
        "Calls left, over all accounts that can be used; weekly: in 1/10,000 of a week's credits.",
        by_mode_and_tier,
        [((mode.value, _label(tier)), n) for (mode, tier), n in figures.remaining.items()],
    )
    yield _gauge(
        "grokdesk_quota_limit",
        "Calls that full windows would have, counted as grokdesk_quota_remaining is.",
        by_mode_and_tier,
        [((mode.value, _label(tier)), n) for (mode, tier), n in figures.limit.items()],
    )
    yield _gauge(
        "grokdesk_quota_windows",
        "Quota windows by how their figures are known.",
        ("mode", "provenance"),
        [((mode.value, known.value), n) for (mode, known), n in figures.windows.items()],
    )


def _gauge(
    name: str,
    help: str,
    labels: tuple[str, ...],
    values: Iterable[tuple[tuple[str, ...], float]],
) -> Metric:
    gauge = GaugeMetricFamily(name, help, labels=labels)
    for labelled, value in values:
        gauge.add_metric(labelled, value)
    return gauge


def _label(tier: Tier | None) -> str:
    return tier.label if tier is not None else "unknown"
