"""Settings: generated from what the settings say about themselves; changes apply at once."""

from PySide6.QtWidgets import QHBoxLayout

from grokdesk.settings.declaration import Value
from grokdesk.ui.kit import Kit
from grokdesk.ui.pages.page import Page
from grokdesk.ui.presenters.connection import CONNECTION_KEYS
from grokdesk.ui.presenters.setting_rows import SettingSection, sections_of
from grokdesk.ui.tokens import MEDIUM
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.labels import PlainLabel, Rule
from grokdesk.ui.widgets.looks import Card, column, row
from grokdesk.ui.widgets.setting_editor import SettingEditor


class SettingsPage(Page):
    def __init__(self, kit: Kit) -> None:
        super().__init__(kit, "Settings")
        self.editors: dict[str, SettingEditor] = {}
        body = self.add_scrolling_body()
        for section in self._sections():
            parts = column(PlainLabel(section.title, role="section"), spacing=MEDIUM)
            if section.name == "upstream":
                parts.addLayout(self._way_to_the_rest())
            parts.addWidget(self._card(section))
            body.addLayout(parts)
        body.addStretch(1)
        self.follow(kit.bridge.settings_changed)

    def refresh(self) -> None:
        for section in self._sections():
            for line in section.rows:
                self.editors[line.info.key].show_row(line)
        notices = self.kit.services.settings.notices
        if notices:
            self.info.say(" ".join(notices), tone="warn")

    def _sections(self) -> tuple[SettingSection, ...]:
        infos = self.kit.services.settings.describe()
        return sections_of(info for info in infos if info.key not in CONNECTION_KEYS)

    def _way_to_the_rest(self) -> QHBoxLayout:
        words = "Proxy, browser check and signature have a page of their own."
        return row(
            PlainLabel(words, role="muted"),
            make_button(
                "Open connection", kind="link", clicked=lambda: self.wants_page.emit("connection")
            ),
            None,
        )

    def _card(self, section: SettingSection) -> Card:
        card = Card(spacing=0, margin=0)
        for number, line in enumerate(section.rows):
            if number:
                card.body.addWidget(Rule())
            editor = SettingEditor(self.kit.theme, self.kit.icons, line, self._change)
            self.editors[line.info.key] = editor
            card.body.addWidget(editor)
        return card

    def _change(self, editor: SettingEditor, key: str, value: Value | None) -> None:
        self.kit.calls.run(
            self.kit.services.settings.update({key: value}),
            name="change a setting",
            info=editor,
            done=lambda _settings: self.refresh(),
        )
