"""Whether grok.com can be reached, what can be done if not, and which way is taken."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout

from grokdesk.services.egress import EgressSnapshot
from grokdesk.ui.kit import Kit
from grokdesk.ui.presenters.connection import NOT_TESTED, Outcome, facts_of
from grokdesk.ui.tokens import LARGE, MEDIUM, WIDE
from grokdesk.ui.widgets.advice_line import AdviceLine
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.fact_list import FactList
from grokdesk.ui.widgets.labels import PlainLabel, announce
from grokdesk.ui.widgets.looks import Card, column
from grokdesk.ui.widgets.marks import Mark, MarkWidget, Shape

_SHAPES = {"muted": Shape.RING, "ok": Shape.DISC, "bad": Shape.TRIANGLE}
_FACTS_WIDTH = 300


class ConnectionTest(Card):
    def __init__(self, kit: Kit) -> None:
        super().__init__(spacing=MEDIUM, margin=LARGE)
        self._mark = MarkWidget(kit.theme, Mark(Shape.RING, "muted"), size=18)
        self._title = PlainLabel(role="section")
        self._sentence = PlainLabel(role="muted", wrap=True, selectable=True)
        self._advice = AdviceLine(kit.icons)
        self._when = PlainLabel(role="caption")
        self.button = make_button("Test connection", kit.icons, "refresh", kind="primary")
        self.facts = FactList()
        self.facts.setFixedWidth(kit.theme.scaled(_FACTS_WIDTH))
        words = column(self._title, self._sentence, self._advice, self._when, None, spacing=3)
        inside = QHBoxLayout()
        inside.setSpacing(MEDIUM)
        inside.addLayout(column(2, self._mark, None, spacing=0))
        inside.addLayout(words, 1)
        inside.addSpacing(WIDE - MEDIUM)
        side = column(spacing=MEDIUM)
        side.addWidget(self.button, 0, Qt.AlignmentFlag.AlignRight)
        side.addWidget(self.facts)
        side.addStretch(1)
        inside.addLayout(side)
        self.body.addLayout(inside)
        self.show_outcome(NOT_TESTED)

    @property
    def words(self) -> str:
        shown = (self._title.text(), self._sentence.text(), self._advice.words)
        return " ".join(filter(None, shown))

    def show_outcome(self, outcome: Outcome, when: str = "") -> None:
        self._mark.show_mark(Mark(_SHAPES[outcome.tone], outcome.tone))
        self._title.setText(outcome.title)
        self._sentence.setText(outcome.sentence)
        self._advice.show_advice(outcome.action)
        self._when.setText(when)
        self._when.setVisible(bool(when))
        if when:
            announce(self, self.words)

    def show_way(self, now: EgressSnapshot) -> None:
        facts = facts_of(now)
        self.facts.show_facts(facts)
        self.facts.setVisible(bool(facts))
