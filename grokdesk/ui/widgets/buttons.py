"""Push buttons in the looks of the stylesheet, and the button that copies."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QAbstractButton, QPushButton

from grokdesk.ui.clipboard import Clipboard
from grokdesk.ui.icons import SIZE, Icons
from grokdesk.ui.widgets.labels import announce, set_plain_tooltip

_COPIED_FOR_MS = 1500
_GAP = 5


def make_button(
    text: str,
    icons: Icons | None = None,
    icon: str = "",
    *,
    kind: str = "",
    name: str = "",
    tone: str = "",
    clicked: Callable[[], object] | None = None,
) -> QPushButton:
    """`name` is what a screen reader says; it defaults to the text and is the tooltip of a
    button that has only an icon."""
    button = QPushButton(text)
    if kind:
        button.setProperty("kind", kind)
    button.setAccessibleName(name or text)
    if not text:
        set_plain_tooltip(button, name)
    if icons is not None and icon:
        on_fill = kind in {"primary", "round"}
        set_icon(button, icons, icon, tone or ("on_accent" if on_fill else "text"))
    # The ring shows where the keyboard is; a click with the mouse does not move it.
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    if clicked is not None:
        button.clicked.connect(lambda _checked=False: clicked())
    return button


def set_icon(button: QAbstractButton, icons: Icons, name: str, tone: str = "text") -> None:
    """With some air before the words, if the button has words."""
    gap = _GAP if button.text() else 0
    icons.set_on(button, name, tone, gap=gap)
    button.setIconSize(QSize(SIZE + gap, SIZE))


class CopyButton(QPushButton):
    """Says "Copied" for a moment. `source` returns None when there is nothing to copy."""

    def __init__(
        self,
        clipboard: Clipboard,
        icons: Icons,
        source: Callable[[], str | None],
        *,
        what: str,
        secret: bool = False,
        text: str = "Copy",
        kind: str = "",
    ) -> None:
        super().__init__(text)
        self._clipboard = clipboard
        self._icons = icons
        self._source = source
        self._secret = secret
        self._text = text
        self._what = what
        self._tones = ("on_accent", "on_accent") if kind == "primary" else ("text", "ok")
        self.setProperty("kind", kind)
        self.setAccessibleName(f"Copy {what}")
        if not text:
            set_plain_tooltip(self, f"Copy {what}")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        set_icon(self, icons, "copy", self._tones[0])
        self._timer = QTimer(self, interval=_COPIED_FOR_MS, singleShot=True)
        self._timer.timeout.connect(self._reset)
        self.clicked.connect(self._copy)

    def _copy(self) -> None:
        found = self._source()
        if not found:
            return
        self._clipboard.copy(found, secret=self._secret)
        # Keep the width, so that nothing beside the button jumps.
        self.setMinimumWidth(self.width())
        self.setText("Copied" if self._text else "")
        set_icon(self, self._icons, "check", self._tones[1])
        announce(self, f"Copied {self._what}")
        self._timer.start()

    def _reset(self) -> None:
        self.setText(self._text)
        set_icon(self, self._icons, "copy", self._tones[0])
