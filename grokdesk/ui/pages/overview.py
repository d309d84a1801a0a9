"""Overview: is it running, where, with which key, and how to connect a program."""

from collections.abc import Awaitable, Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from grokdesk.domain.apikey import ApiKey
from grokdesk.domain.usage import UsageRow, UsageSummary
from grokdesk.services.accounts import PoolSummary
from grokdesk.services.gateway import GatewaySnapshot, GatewayState
from grokdesk.ui.dialogs.ask import NameDialog
from grokdesk.ui.kit import Kit
from grokdesk.ui.pages.page import Page
from grokdesk.ui.presenters.health import notice_of
from grokdesk.ui.presenters.key_form import free_name
from grokdesk.ui.presenters.latest import LatestRequests
from grokdesk.ui.presenters.overview import (
    GATEWAY_TITLES,
    accounts_figure,
    gateway_sentence,
    latency_figure,
    requests_figure,
    tokens_figure,
)
from grokdesk.ui.tokens import LARGE, MEDIUM
from grokdesk.ui.widgets.buttons import CopyButton, make_button, set_icon
from grokdesk.ui.widgets.connect_card import ConnectCard
from grokdesk.ui.widgets.fields import ValueField
from grokdesk.ui.widgets.gauges import Segment, SegmentBar, Sparkline
from grokdesk.ui.widgets.key_field import KeyField
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.latest_card import LINES, LatestCard
from grokdesk.ui.widgets.looks import Card, column, row
from grokdesk.ui.widgets.marks import GATEWAY_MARKS, MarkWidget
from grokdesk.ui.widgets.notice_strip import NoticeStrip
from grokdesk.ui.widgets.stat_card import StatCard

_FEW = 500
_FEW_MS, _MANY_MS = 200, 2_000
_REFRESH_MS = 15_000
"""Countdowns and midnight; everything else arrives as an event."""


class OverviewPage(Page):
    def __init__(self, kit: Kit) -> None:
        super().__init__(kit, "Overview")
        self.header.addWidget(
            make_button("Import accounts", kit.icons, "import", clicked=self.wants_import.emit)
        )
        self._usage = UsageSummary()
        self._pool = PoolSummary()
        self._labels: dict[str, str] = {}
        body = self.add_scrolling_body()
        self.notice = NoticeStrip(kit.icons)
        self.notice.due.connect(self._show_notice)
        self.notice.page_wanted.connect(self.wants_page)
        body.addWidget(self.notice)
        body.addWidget(self._gateway_card())
        body.addLayout(self._figures())
        self.connect_card = ConnectCard(kit)
        body.addWidget(self.connect_card)
        self._latest = LatestRequests()
        self.latest_card = LatestCard(kit.theme)
        body.addWidget(self.latest_card)
        body.addStretch(1)
        bridge = kit.bridge
        self.follow(bridge.gateway_changed, bridge.api_keys_changed, bridge.settings_changed)
        self.follow(bridge.health_changed)
        self._pool_timer = QTimer(self, singleShot=True)
        self._pool_timer.timeout.connect(self.refresh_if_visible)
        bridge.accounts_changed.connect(self._pool_changed)
        bridge.account_list_changed.connect(self._pool_changed)
        bridge.requests_finished.connect(self._requests_finished)
        self._timer = QTimer(self, interval=_REFRESH_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._count_requests()

    def refresh(self) -> None:
        gateway = self.kit.services.gateway.snapshot()
        pool = self._pool = self.kit.services.accounts.summary()
        now = self.kit.services.clock.now()
        self._mark.show_mark(GATEWAY_MARKS[gateway.state])
        self._state.setText(GATEWAY_TITLES[gateway.state])
        self._sentence.setText(gateway_sentence(gateway, pool))
        self._address.show_value(gateway.base_url)
        self._offer_pause(gateway.state)
        self._offer_other_port(gateway)
        self.key_field.refresh()
        self.connect_card.refresh()
        self._accounts.show_figure(accounts_figure(pool, now))
        self._states.show_segments(
            Segment(pool.ready, "ok"),
            Segment(pool.busy, "accent"),
            Segment(pool.cooling, "warn"),
            Segment(pool.exhausted, "info"),
            Segment(pool.unusable, "bad"),
        )
        self._show_usage(self._usage)
        self._show_latest()
        self._show_notice()

    def new_key(self) -> None:
        NameDialog(
            self,
            "New API key",
            label="What is it for? One key per program makes it easy to withdraw one.",
            value=free_name(self.kit.services.keys.list()),
            yes="Create and copy",
            on_name=self._create_key,
            longest=60,
        ).open()

    def _gateway_card(self) -> QWidget:
        kit = self.kit
        self._mark = MarkWidget(kit.theme, GATEWAY_MARKS[GatewayState.STARTING], size=18)
        self._state = PlainLabel(role="section")
        self._sentence = PlainLabel(role="muted", wrap=True)
        self._pause = make_button("Pause", kit.icons, "pause", clicked=self._toggle_pause)
        self._other_port = make_button("", kind="primary", clicked=self._use_other_port)
        self._address = ValueField(
            "API address",
            kit.theme,
            CopyButton(kit.clipboard, kit.icons, lambda: self._address.value, what="API address"),
        )
        self.key_field = KeyField(kit, self.new_key, lambda: self.wants_page.emit("keys"))
        card = Card(spacing=LARGE)
        words = column(self._state, self._sentence, spacing=2)
        head = row(self._mark, spacing=MEDIUM)
        head.addLayout(words, 1)
        head.addWidget(self._pause)
        head.addWidget(self._other_port)
        card.body.addLayout(head)
        fields = QHBoxLayout()
        fields.setSpacing(LARGE)
        top = Qt.AlignmentFlag.AlignTop
        fields.addWidget(self._address, 1, top)
        fields.addWidget(self.key_field, 1, top)
        card.body.addLayout(fields)
        return card

    def _show_notice(self) -> None:
        services = self.kit.services
        is_demo = services.gateway.snapshot().demo
        notice = notice_of(services.health.snapshot(), self._pool, services.clock.now())
        self.notice.show_notice(None if is_demo else notice)

    def _figures(self) -> QHBoxLayout:
        theme = self.kit.theme
        self._states, self._outcomes = SegmentBar(theme), SegmentBar(theme)
        self._curve, self._directions = Sparkline(theme), SegmentBar(theme)
        self._accounts = StatCard(self._states)
        self._requests = StatCard(self._outcomes)
        self._latency = StatCard(self._curve)
        self._tokens = StatCard(self._directions)
        figures = row(spacing=LARGE)
        for card in (self._accounts, self._requests, self._latency, self._tokens):
            figures.addWidget(card, 1)
        return figures

    def _offer_pause(self, state: GatewayState) -> None:
        paused = state is GatewayState.PAUSED
        self._pause.setText("Resume" if paused else "Pause")
        self._pause.setAccessibleName("Resume gateway" if paused else "Pause gateway")
        set_icon(self._pause, self.kit.icons, "play" if paused else "pause")
        self._pause.setVisible(state in (GatewayState.RUNNING, GatewayState.PAUSED))

    def _offer_other_port(self, gateway: GatewaySnapshot) -> None:
        offer = f"Use port {gateway.free_port}" if _other_port(gateway) else ""
        self._other_port.setText(offer)
        self._other_port.setAccessibleName(offer or "Use another port")
        self._other_port.setVisible(bool(offer))

    def _use_other_port(self) -> None:
        gateway = self.kit.services.gateway
        port = _other_port(gateway.snapshot())
        if port is not None and gateway.listen is not None:
            self.kit.calls.run(
                _listen(gateway.listen, port),
                name="listen on another port",
                busy=self._other_port,
                info=self.info,
            )

    def _toggle_pause(self) -> None:
        gateway = self.kit.services.gateway
        if gateway.snapshot().state is GatewayState.PAUSED:
            gateway.resume()
        else:
            gateway.pause()
        self.refresh()

    def _create_key(self, name: str) -> None:
        self.kit.calls.run(
            self.kit.services.keys.create(name),
            name="create API key",
            busy=self.key_field.new,
            info=self.info,
            done=self._key_created,
        )

    def _key_created(self, created: tuple[ApiKey, str]) -> None:
        key, text = created
        self.kit.clipboard.copy(text, secret=True)
        self.refresh()
        self.info.say(
            f"The key “{key.name}” was created and copied. It can be copied here until Grokdesk "
            "quits; after that only its end is known.",
            tone="ok",
        )

    def _tick(self) -> None:
        if self.isVisible():
            self._labels.clear()  # one may have been renamed
            self.refresh()
            self._count_requests()

    def _count_requests(self) -> None:
        if self.isVisible():
            self.kit.calls.run(
                self.kit.services.usage.today(), name="usage of today", done=self._show_usage
            )

    def _pool_changed(self) -> None:
        """The figures are sums over all accounts: the more there are, the rarer."""
        if not self._pool_timer.isActive():
            self._pool_timer.start(_FEW_MS if self._pool.total <= _FEW else _MANY_MS)

    def _requests_finished(self, rows: tuple[UsageRow, ...]) -> None:
        self._latest.add(rows)
        if self.isVisible():
            self._show_latest()
            self._count_requests()

    def _show_latest(self) -> None:
        services = self.kit.services
        wanted = self._latest.account_ids(LINES)
        if not wanted <= self._labels.keys():
            everyone = services.accounts.snapshot()
            removed = dict.fromkeys(wanted, "")
            self._labels = removed | {account.id: account.label for account in everyone}
        lines = self._latest.lines(LINES, self._labels, services.clock.now())
        self.latest_card.show_lines(lines)
        self._curve.show_values(self._latest.latencies())

    def _show_usage(self, usage: UsageSummary) -> None:
        self._usage = usage
        self._requests.show_figure(requests_figure(usage))
        self._latency.show_figure(latency_figure(usage))
        self._tokens.show_figure(tokens_figure(usage))
        succeeded = usage.requests - usage.failed
        self._outcomes.show_segments(Segment(succeeded, "ok"), Segment(usage.failed, "bad"))
        self._directions.show_segments(
            Segment(usage.prompt_tokens, "info"), Segment(usage.completion_tokens, "accent")
        )


def _other_port(gateway: GatewaySnapshot) -> int | None:
    """What may be offered instead of the taken port."""
    return gateway.free_port if gateway.state is GatewayState.FAILED else None


async def _listen(listen: Callable[[int], Awaitable[None]], port: int) -> None:
    await listen(port)
