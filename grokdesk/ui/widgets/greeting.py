"""The empty playground: what it is for, and a first prompt to try."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from grokdesk.ui.icons import Icons
from grokdesk.ui.tokens import MEDIUM, SMALL
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.icon_label import IconLabel
from grokdesk.ui.widgets.labels import PlainLabel, paragraph

_WIDTH = 460
_EXPLANATION = "Prompts go the same way as those of your programs and count as requests."
_PROMPTS = (
    "Explain what an API key is to someone who has never programmed",
    "Compare three ways to sort a list in Python, with code",
    "Plan a week of simple dinners for two, as a table",
)


class Greeting(QWidget):
    chosen = Signal(str)

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        center = Qt.AlignmentFlag.AlignHCenter
        layout = QVBoxLayout(self)
        layout.setSpacing(SMALL)
        layout.addStretch(2)
        layout.addWidget(IconLabel(icons, "playground", "accent", size=40), 0, center)
        layout.addSpacing(SMALL)
        layout.addWidget(PlainLabel("Try your accounts", role="section"), 0, center)
        layout.addWidget(paragraph(_EXPLANATION, _WIDTH), 0, center)
        layout.addSpacing(MEDIUM)
        for prompt in _PROMPTS:
            chip = make_button(prompt, kind="chip", clicked=partial(self.chosen.emit, prompt))
            chip.setFixedWidth(_WIDTH)
            layout.addWidget(chip, 0, center)
        layout.addStretch(3)
