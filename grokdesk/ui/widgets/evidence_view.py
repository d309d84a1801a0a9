"""When something happened, under which id, and folded away: upstream's own words."""

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from grokdesk.ui.kit import Kit
from grokdesk.ui.presenters.account_story import AccountStory
from grokdesk.ui.tokens import MEDIUM, SMALL
from grokdesk.ui.widgets.buttons import CopyButton, make_button, set_icon
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.looks import row

_FOLD = "What grok.com said"


class EvidenceView(QWidget):
    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._icons = kit.icons
        self._story: AccountStory | None = None
        self._circumstances = PlainLabel(role="caption")
        self._request = PlainLabel(role="caption")
        self.copy_id = CopyButton(
            kit.clipboard, kit.icons, self._request_id, what="request id", text="", kind="fold"
        )
        self.copy_all = CopyButton(
            kit.clipboard, kit.icons, self._all, what="details", text="Copy details", kind="fold"
        )
        self.unfold = make_button(_FOLD, kind="fold", clicked=self._toggle)
        self._excerpt = PlainLabel(wrap=True, selectable=True)
        self._excerpt.setFont(kit.theme.mono(0.9))
        self._well = QFrame()
        self._well.setProperty("kind", "well")
        inside = QVBoxLayout(self._well)
        inside.setContentsMargins(MEDIUM, SMALL, MEDIUM, SMALL)
        inside.addWidget(self._excerpt)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row(self._circumstances, 5, self._request, self.copy_id, None, spacing=3))
        layout.addLayout(row(self.unfold, self.copy_all, None, spacing=SMALL))
        layout.addWidget(self._well)
        self.fold()

    @property
    def excerpt(self) -> str:
        """What can be read of it now."""
        return self._excerpt.text() if self._well.isVisibleTo(self) else ""

    def show_story(self, story: AccountStory) -> None:
        self._story = story
        self.setVisible(bool(story.circumstances))
        self._circumstances.setText(story.circumstances)
        self._request.setText(f"Request {story.request_id}")
        self._excerpt.setText(story.excerpt)
        for widget in (self._request, self.copy_id):
            widget.setVisible(bool(story.request_id))
        self.unfold.setVisible(bool(story.excerpt))

    def fold(self) -> None:
        self._show_excerpt(on=False)

    def _toggle(self) -> None:
        self._show_excerpt(on=not self._well.isVisibleTo(self))

    def _show_excerpt(self, *, on: bool) -> None:
        self._well.setVisible(on)
        self.unfold.setAccessibleDescription("shown" if on else "hidden")
        set_icon(self.unfold, self._icons, "chevron-down" if on else "chevron-right", "muted")

    def _request_id(self) -> str:
        return self._story.request_id if self._story is not None else ""

    def _all(self) -> str:
        return self._story.as_text if self._story is not None else ""
