"""One figure with its caption and a remark and a small picture."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

from grokdesk.ui.presenters.overview import Figure
from grokdesk.ui.tokens import LARGE, SMALL
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.looks import Card


class StatCard(Card):
    """`picture` shows the same at a glance."""

    def __init__(self, picture: QWidget) -> None:
        super().__init__(spacing=2, margin=LARGE)
        self._caption = PlainLabel(role="muted")
        self._value = PlainLabel(role="figure")
        self._remark = PlainLabel(role="muted", wrap=True)
        self.body.addWidget(self._caption)
        self.body.addWidget(self._value)
        self.body.addWidget(self._remark)
        self.body.addStretch(1)
        self.body.addSpacing(SMALL)
        self.body.addWidget(picture, 0, Qt.AlignmentFlag.AlignBottom)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def show_figure(self, figure: Figure) -> None:
        self._caption.setText(figure.caption)
        self._value.setText(figure.value)
        self._remark.setText(figure.remark)
        self.setAccessibleName(f"{figure.caption}: {figure.value}. {figure.remark}")
