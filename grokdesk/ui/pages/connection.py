"""Connection: which way leads to grok.com, and what helps where it does not let us in."""

from collections.abc import Mapping

from PySide6.QtWidgets import QLayout, QWidget

from grokdesk.services.egress import EgressCheck, Pasted
from grokdesk.settings.declaration import Value
from grokdesk.settings.service import SettingInfo
from grokdesk.ui import text
from grokdesk.ui.kit import Kit
from grokdesk.ui.pages.page import Page
from grokdesk.ui.presenters import connection as words
from grokdesk.ui.presenters.setting_rows import row_of
from grokdesk.ui.tokens import LARGE, MEDIUM
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.connection_test import ConnectionTest
from grokdesk.ui.widgets.labels import PlainLabel, Rule
from grokdesk.ui.widgets.looks import Card, column, row
from grokdesk.ui.widgets.mode_card import ModeCard
from grokdesk.ui.widgets.paste_form import PasteField, PasteForm
from grokdesk.ui.widgets.proxy_editor import ProxyEditor
from grokdesk.ui.widgets.setting_editor import SettingEditor

_CLEARANCE_MODES = (
    ("none", "Do nothing about it", "Enough as long as grok.com lets you in without a check."),
    (
        "manual",
        "Use my browser's cookie",
        "Open grok.com in your browser and its developer tools (F12). On the tab Network, choose a "
        "request to grok.com and copy Cookie and User-Agent from its request headers. They count "
        "together, and on the same network only.",
    ),
    (
        "flaresolverr",
        "Ask FlareSolverr",
        "A program of yours that passes the check in a browser of its own.",
    ),
)
_STATSIG_MODES = (
    ("none", "Send none", "Right for most: the usual chat socket needs no signature."),
    (
        "pasted",
        "Send a pasted value",
        "Only requests by the older way (REST) carry it. grok.com may refuse it after a while, or "
        "for another kind of request than that it was copied from.",
    ),
)
_COOKIE = PasteField("cookie", "Cookie", "cf_clearance=…")
_USER_AGENT = PasteField(
    "user_agent", "User-Agent of the same browser", "Mozilla/5.0 …", secret=False
)
_SIGNATURE = PasteField("statsig", "x-statsig-id", "The value of the header x-statsig-id")


class ConnectionPage(Page):
    def __init__(self, kit: Kit) -> None:
        super().__init__(kit, "Connection")
        self.test = ConnectionTest(kit)
        self.test.button.clicked.connect(self._run_test)
        body = self.add_scrolling_body()
        body.addWidget(self.test)
        body.addLayout(_section("Proxy", self._proxy_card()))
        body.addLayout(_section("Cloudflare's browser check", self._clearance_card()))
        body.addLayout(_section("Signature of requests", self._statsig_card()))
        body.addStretch(1)
        bridge = kit.bridge
        self.follow(bridge.settings_changed, bridge.session_renewed)

    def refresh(self) -> None:
        infos = {info.key: info for info in self.kit.services.settings.describe()}
        now = self.kit.services.egress.snapshot()
        self.test.show_way(now)
        self.proxy.show_info(infos[words.PROXY])
        self.assets_proxy.show_info(infos[words.ASSETS_PROXY])
        self.clearance.show_info(infos[words.CLEARANCE])
        self.statsig.show_info(infos[words.STATSIG])
        for key, editor in self.solver.items():
            editor.show_row(row_of(infos[key]))
        self._solver_status.setText(words.solver_status(now))
        self.kit.calls.run(
            self.kit.services.egress.pasted(),
            name="what was pasted",
            done=self._show_pasted,
        )

    def _show_pasted(self, pasted: Pasted) -> None:
        now = self.kit.services.egress.snapshot()
        self.cookie.status.setText(words.cookie_status(now, pasted.clearance_at))
        self.cookie.forget.setEnabled(pasted.clearance_at is not None)
        self.signature.status.setText(words.kept_since(pasted.statsig_at))
        self.signature.forget.setEnabled(pasted.statsig_at is not None)

    def _proxy_card(self) -> Card:
        theme = self.kit.theme
        self.proxy = ProxyEditor(
            theme, "Way to grok.com", "For chats, accounts and quotas.", self._set_proxy
        )
        self.assets_proxy = ProxyEditor(
            theme,
            "Way to pictures and files",
            "They come from another host and may take another way.",
            self._set_assets_proxy,
            may_follow=True,
        )
        card = Card(spacing=0, margin=0)
        for part in (self.proxy, Rule(), self.assets_proxy):
            card.body.addWidget(part)
        return card

    def _clearance_card(self) -> Card:
        kit, egress = self.kit, self.kit.services.egress
        self.clearance = ModeCard(
            kit.theme,
            "How it is passed",
            _CLEARANCE_MODES,
            lambda card, mode: self._change(card, words.CLEARANCE, mode),
        )
        self.cookie = PasteForm(
            kit,
            "cookie",
            (_COOKIE, _USER_AGENT),
            save=egress.set_clearance,
            forget=lambda: egress.set_clearance("", ""),
            info=self.info,
            done=self._pasted,
        )
        infos = {info.key: info for info in kit.services.settings.describe()}
        self.solver = {key: self._solver_editor(infos[key]) for key in words.SOLVER_KEYS}
        self._solver_status = PlainLabel(role="muted", wrap=True)
        self.solve = make_button("Solve now", clicked=self._run_solver)
        status = QWidget()
        inside = row(spacing=LARGE)
        inside.addWidget(self._solver_status, 1)
        inside.addWidget(self.solve)
        inside.setContentsMargins(LARGE, MEDIUM, LARGE, MEDIUM)
        status.setLayout(inside)
        self.clearance.add_mode("manual", self.cookie)
        self.clearance.add_mode("flaresolverr", status, *self.solver.values())
        return self.clearance

    def _solver_editor(self, info: SettingInfo) -> SettingEditor:
        return SettingEditor(self.kit.theme, self.kit.icons, row_of(info), self._change)

    def _statsig_card(self) -> Card:
        egress = self.kit.services.egress
        self.statsig = ModeCard(
            self.kit.theme,
            "x-statsig-id",
            _STATSIG_MODES,
            lambda card, mode: self._change(card, words.STATSIG, mode),
        )
        self.signature = PasteForm(
            self.kit,
            "signature",
            (_SIGNATURE,),
            save=egress.set_statsig,
            forget=lambda: egress.set_statsig(""),
            info=self.info,
            done=self._pasted,
        )
        self.statsig.add_mode("pasted", self.signature)
        return self.statsig

    def _set_proxy(self, editor: ProxyEditor, url: str) -> None:
        self._send_through(editor, url, assets=False)

    def _set_assets_proxy(self, editor: ProxyEditor, url: str) -> None:
        self._send_through(editor, url, assets=True)

    def _send_through(self, editor: ProxyEditor, url: str, *, assets: bool) -> None:
        self.kit.calls.run(
            self.kit.services.egress.set_proxy(url, assets=assets),
            name="choose a proxy",
            info=editor,
            done=lambda _nothing: self.refresh(),
        )

    def _change(self, place: SettingEditor | ModeCard, key: str, value: Value | None) -> None:
        self.kit.calls.run(
            self._update({key: value}),
            name="change the connection",
            info=place,
            done=lambda _nothing: self.refresh(),
        )

    async def _update(self, patch: Mapping[str, object]) -> None:
        _ = await self.kit.services.settings.update(patch)

    def _pasted(self, sentence: str) -> None:
        self.refresh()
        self.info.say(f"{sentence} It counts from the next request on.", tone="ok")

    def _run_test(self) -> None:
        self.kit.calls.run(
            self.kit.services.egress.test(),
            name="test the connection",
            busy=self.test.button,
            info=self.info,
            done=self._tested,
        )

    def _run_solver(self) -> None:
        self.kit.calls.run(
            self.kit.services.egress.solve(),
            name="solve the browser check",
            busy=self.solve,
            info=self.info,
            done=self._tested,
        )

    def _tested(self, check: EgressCheck) -> None:
        when = f"Tested {text.local_time(self.kit.services.clock.now())}"
        self.test.show_outcome(words.outcome_of(check), when)
        self.refresh()


def _section(title: str, card: QWidget) -> QLayout:
    return column(PlainLabel(title, role="section"), card, spacing=MEDIUM)
