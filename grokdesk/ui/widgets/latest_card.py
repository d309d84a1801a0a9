"""The latest requests on the overview."""

from PySide6.QtWidgets import QGridLayout

from grokdesk.ui.presenters.latest import RequestLine
from grokdesk.ui.theme import Theme
from grokdesk.ui.tokens import LARGE, MEDIUM, SMALL
from grokdesk.ui.widgets.labels import ElidedLabel, PlainLabel
from grokdesk.ui.widgets.looks import Card, row
from grokdesk.ui.widgets.marks import Mark, MarkWidget, Shape

LINES = 4
_HEADINGS = ("Outcome", "Model", "Account", "First token", "In all", "When")
_STRETCH = (3, 4, 4, 2, 2, 2)
_SHAPES = {"ok": Shape.DISC, "bad": Shape.TRIANGLE, "muted": Shape.DASH}


class LatestCard(Card):
    """A fixed grid of labels: four lines need no item view."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(spacing=MEDIUM, margin=LARGE)
        self.body.addWidget(PlainLabel("Latest requests", role="section"))
        self._empty = PlainLabel("Requests appear here as they come in.", role="muted")
        self.body.addWidget(self._empty)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(LARGE)
        self._grid.setVerticalSpacing(SMALL)
        self.body.addLayout(self._grid)
        self._headings = [PlainLabel(heading, role="caption") for heading in _HEADINGS]
        for place, heading in enumerate(self._headings):
            self._grid.addWidget(heading, 0, place)
            self._grid.setColumnStretch(place, _STRETCH[place])
        self._marks = [MarkWidget(theme, Mark(Shape.DISC, "ok"), size=11) for _ in range(LINES)]
        self._cells = [[ElidedLabel() for _ in _HEADINGS] for _ in range(LINES)]
        for number, cells in enumerate(self._cells, start=1):
            outcome = row(self._marks[number - 1], cells[0])
            self._grid.addLayout(outcome, number, 0)
            for place, cell in enumerate(cells[1:], start=1):
                self._grid.addWidget(cell, number, place)
        self.show_lines(())

    def show_lines(self, lines: tuple[RequestLine, ...]) -> None:
        self._empty.setVisible(not lines)
        for heading in self._headings:
            heading.setVisible(bool(lines))
        for number, cells in enumerate(self._cells):
            line = lines[number] if number < len(lines) else None
            self._marks[number].setVisible(line is not None)
            for cell in cells:
                cell.setVisible(line is not None)
            if line is not None:
                self._marks[number].show_mark(Mark(_SHAPES[line.tone], line.tone))
                self._fill(cells, line)

    @staticmethod
    def _fill(cells: list[ElidedLabel], line: RequestLine) -> None:
        words = (
            line.outcome, line.model, line.account, line.first_token, line.total, line.when
        )  # fmt: skip
        for cell, word in zip(cells, words, strict=True):
            cell.setText(word)
