"""Ready-made snippets that connect a program to the gateway."""

from PySide6.QtWidgets import QFrame

from grokdesk.domain.catalog import ModelKind
from grokdesk.ui.kit import Kit
from grokdesk.ui.presenters.snippets import KEY_PLACEHOLDER, RECIPES, Connection
from grokdesk.ui.tokens import LARGE, MEDIUM, SMALL
from grokdesk.ui.widgets.buttons import CopyButton
from grokdesk.ui.widgets.code_block import CodeText
from grokdesk.ui.widgets.combo import ComboBox
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.looks import Card, column, row
from grokdesk.ui.widgets.tabs import Tabs


class ConnectCard(Card):
    """Shows a placeholder for the key; Copy puts the real one in while it is known."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(spacing=MEDIUM)
        self._kit = kit
        self.tabs = Tabs([recipe.title for recipe in RECIPES], "Programs")
        self.tabs.chosen.connect(self.refresh)
        self.model = ComboBox("Model in the snippet")
        for model in kit.services.catalog.of_kind(ModelKind.CHAT):
            self.model.addItem(model.id)
        self.model.currentIndexChanged.connect(self.refresh)
        self.code = CodeText(kit.theme, "Snippet")
        self.code.add_colours(kit.theme)
        self._copy = CopyButton(kit.clipboard, kit.icons, self._real_text, what="snippet")
        self._note = PlainLabel(role="caption", wrap=True)
        label = PlainLabel("Model", role="muted")
        label.setBuddy(self.model)
        self.body.addLayout(
            row(PlainLabel("Connect a program", role="section"), None, label, self.model)
        )
        self.body.addWidget(self.tabs)
        self.body.addWidget(self._well())
        self.body.addWidget(self._note)
        self.refresh()

    def refresh(self) -> None:
        recipe = RECIPES[self.tabs.current]
        self.code.show_text(recipe.render(self._connection(KEY_PLACEHOLDER)))
        fresh = self._kit.services.keys.fresh is not None
        key_note = (
            "Copy fills in your new key."
            if fresh
            else f"Replace {KEY_PLACEHOLDER} by your API key."
        )
        self._note.setText(f"{key_note} {recipe.note}".strip())

    def _well(self) -> QFrame:
        well = QFrame()
        well.setProperty("kind", "well")
        inner = row(spacing=SMALL)
        inner.setContentsMargins(LARGE, MEDIUM, SMALL, MEDIUM)
        inner.addLayout(column(self.code, None), 1)
        inner.addLayout(column(self._copy, None))
        well.setLayout(inner)
        return well

    def _real_text(self) -> str:
        key = self._kit.services.keys.fresh or KEY_PLACEHOLDER
        return RECIPES[self.tabs.current].render(self._connection(key))

    def _connection(self, key: str) -> Connection:
        address = self._kit.services.gateway.snapshot().base_url
        return Connection(address, key, self.model.currentText())
