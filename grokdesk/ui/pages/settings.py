"""Settings: generated from what the settings say about themselves; changes apply at once."""

from grokdesk.settings.declaration import Value
from grokdesk.ui.kit import Kit
from grokdesk.ui.pages.page import Page
from grokdesk.ui.presenters.setting_rows import SettingSection, sections_of
from grokdesk.ui.tokens import MEDIUM
from grokdesk.ui.widgets.labels import PlainLabel, Rule
from grokdesk.ui.widgets.looks import Card, column
from grokdesk.ui.widgets.setting_editor import SettingEditor


class SettingsPage(Page):
    def __init__(self, kit: Kit) -> None:
        super().__init__(kit, "Settings")
        self.editors: dict[str, SettingEditor] = {}
        body = self.add_scrolling_body()
        for section in sections_of(kit.services.settings.describe()):
            body.addLayout(
                column(
                    PlainLabel(section.title, role="section"), self._card(section), spacing=MEDIUM
                )
            )
        body.addStretch(1)
        self.follow(kit.bridge.settings_changed)

    def refresh(self) -> None:
        for section in sections_of(self.kit.services.settings.describe()):
            for line in section.rows:
                self.editors[line.info.key].show_row(line)
        notices = self.kit.services.settings.notices
        if notices:
            self.info.say(" ".join(notices), tone="warn")

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
