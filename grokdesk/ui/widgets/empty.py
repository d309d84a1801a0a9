"""What stands where there is nothing yet: why, and the next step."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from grokdesk.ui.icons import Icons
from grokdesk.ui.tokens import MEDIUM, SMALL
from grokdesk.ui.widgets.icon_label import IconLabel
from grokdesk.ui.widgets.labels import PlainLabel, paragraph

_WIDTH = 420


class EmptyState(QWidget):
    def __init__(
        self, icons: Icons, icon: str, title: str, explanation: str, *buttons: QPushButton
    ) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setSpacing(SMALL)
        layout.addStretch(2)
        center = Qt.AlignmentFlag.AlignHCenter
        layout.addWidget(IconLabel(icons, icon, "accent", size=40), 0, center)
        layout.addSpacing(SMALL)
        heading = PlainLabel(title, role="section")
        heading.setAlignment(center)
        layout.addWidget(heading, 0, center)
        layout.addWidget(paragraph(explanation, _WIDTH), 0, center)
        layout.addSpacing(MEDIUM)
        for button in buttons:
            layout.addWidget(button, 0, center)
        layout.addStretch(3)
