"""Overview: is it running, where, with which key, and how to connect a program."""

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from grokdesk.domain.apikey import ApiKey
from grokdesk.domain.usage import UsageSummary
from grokdesk.services.gateway import GatewayState
from grokdesk.ui.dialogs.ask import NameDialog
from grokdesk.ui.kit import Kit
from grokdesk.ui.pages.page import Page
from grokdesk.ui.presenters.overview import (
    GATEWAY_TITLES,
    accounts_figure,
    gateway_sentence,
    latency_figure,
    requests_figure,
    tokens_figure,
)
from grokdesk.ui.tokens import LARGE, MEDIUM
from grokdesk.ui.widgets.buttons import CopyButton, make_button
from grokdesk.ui.widgets.connect_card import ConnectCard
from grokdesk.ui.widgets.fields import ValueField
from grokdesk.ui.widgets.gauges import Segment, SegmentBar
from grokdesk.ui.widgets.key_field import KeyField
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.looks import Card, column, row
from grokdesk.ui.widgets.marks import GATEWAY_MARKS, MarkWidget
from grokdesk.ui.widgets.stat_card import StatCard

_REFRESH_MS = 15_000
"""Countdowns and midnight; everything else arrives as an event."""


class OverviewPage(Page):
    def __init__(self, kit: Kit) -> None:
        super().__init__(kit, "Overview")
        self.header.addWidget(
            make_button("Import accounts", kit.icons, "import", clicked=self.wants_import.emit)
        )
        self._usage = UsageSummary()
        body = self.add_scrolling_body()
        body.addWidget(self._gateway_card())
        body.addLayout(self._figures())
        self.connect_card = ConnectCard(kit)
        body.addWidget(self.connect_card)
        body.addStretch(1)
        bridge = kit.bridge
        self.follow(bridge.gateway_changed, bridge.accounts_changed, bridge.account_list_changed)
        self.follow(bridge.api_keys_changed, bridge.settings_changed)
        bridge.requests_finished.connect(self._count_requests)
        self._timer = QTimer(self, interval=_REFRESH_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._count_requests()

    def refresh(self) -> None:
        gateway = self.kit.services.gateway.snapshot()
        pool = self.kit.services.accounts.summary()
        now = self.kit.services.clock.now()
        self._mark.show_mark(GATEWAY_MARKS[gateway.state])
        self._state.setText(GATEWAY_TITLES[gateway.state])
        self._sentence.setText(gateway_sentence(gateway, pool))
        self._address.show_value(gateway.base_url)
        self._offer_pause(gateway.state)
        self.key_field.refresh()
        self.connect_card.refresh()
        self._accounts.show_figure(accounts_figure(pool, now))
        self._bar.show_segments(
            tuple(
                Segment(weight, tone)
                for weight, tone in (
                    (pool.ready, "ok"),
                    (pool.busy, "accent"),
                    (pool.cooling, "warn"),
                    (pool.exhausted, "info"),
                    (pool.unusable, "bad"),
                )
                if weight
            )
        )
        self._show_usage(self._usage)

    def new_key(self) -> None:
        taken = {key.name.casefold() for key in self.kit.services.keys.list()}
        number = next(n for n in range(1, len(taken) + 2) if f"key {n}" not in taken)
        NameDialog(
            self,
            "New API key",
            label="What is it for? One key per program makes it easy to withdraw one.",
            value=f"Key {number}",
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
        self._address = ValueField(
            "API address",
            kit.theme,
            CopyButton(kit.clipboard, kit.icons, lambda: self._address.value, what="API address"),
        )
        self.key_field = KeyField(kit, self.new_key)
        card = Card(spacing=LARGE)
        words = column(self._state, self._sentence, spacing=2)
        head = row(self._mark, spacing=MEDIUM)
        head.addLayout(words, 1)
        head.addWidget(self._pause)
        card.body.addLayout(head)
        fields = QHBoxLayout()
        fields.setSpacing(LARGE)
        fields.addWidget(self._address, 5)
        fields.addWidget(self.key_field, 6)
        card.body.addLayout(fields)
        return card

    def _figures(self) -> QHBoxLayout:
        self._bar = SegmentBar(self.kit.theme)
        self._accounts = StatCard(self._bar)
        self._requests, self._latency, self._tokens = StatCard(), StatCard(), StatCard()
        figures = row(spacing=LARGE)
        for card in (self._accounts, self._requests, self._latency, self._tokens):
            figures.addWidget(card, 1)
        return figures

    def _offer_pause(self, state: GatewayState) -> None:
        paused = state is GatewayState.PAUSED
        self._pause.setText("Resume" if paused else "Pause")
        self._pause.setAccessibleName("Resume gateway" if paused else "Pause gateway")
        self.kit.icons.set_on(self._pause, "play" if paused else "pause")
        self._pause.setEnabled(state in (GatewayState.RUNNING, GatewayState.PAUSED))

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
            self.refresh()
            self._count_requests()

    def _count_requests(self) -> None:
        if self.isVisible():
            self.kit.calls.run(
                self.kit.services.usage.today(), name="usage of today", done=self._show_usage
            )

    def _show_usage(self, usage: UsageSummary) -> None:
        self._usage = usage
        self._requests.show_figure(requests_figure(usage))
        self._latency.show_figure(latency_figure(usage))
        self._tokens.show_figure(tokens_figure(usage))
