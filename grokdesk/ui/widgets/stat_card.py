"""One figure with its caption and a remark."""

from PySide6.QtWidgets import QSizePolicy, QWidget

from grokdesk.ui.presenters.overview import Figure
from grokdesk.ui.tokens import LARGE, TIGHT
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.looks import Card


class StatCard(Card):
    """`extra` stands between the figure and the remark."""

    def __init__(self, extra: QWidget | None = None) -> None:
        super().__init__(spacing=TIGHT, margin=LARGE)
        self._caption = PlainLabel(role="muted")
        self._value = PlainLabel(role="figure")
        self._remark = PlainLabel(role="muted", wrap=True)
        self.body.addWidget(self._caption)
        self.body.addWidget(self._value)
        self.body.addStretch(1)
        if extra is not None:
            self.body.addWidget(extra)
            self.body.addSpacing(TIGHT)
        self.body.addWidget(self._remark)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def show_figure(self, figure: Figure) -> None:
        self._caption.setText(figure.caption)
        self._value.setText(figure.value)
        self._remark.setText(figure.remark)
        self.setAccessibleName(f"{figure.caption}: {figure.value}. {figure.remark}")
