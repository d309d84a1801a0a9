"""One answer in the playground: thinking, text and code as they come, sources, statistics."""

from collections import deque

from PySide6.QtCore import QElapsedTimer, QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from grokdesk.domain.chat import (
    Chunk,
    Citation,
    Image,
    ImageProgress,
    ReasoningDelta,
    SearchSource,
    TextDelta,
    ToolActivity,
)
from grokdesk.ui import text
from grokdesk.ui.kit import Kit
from grokdesk.ui.presenters.answer import AnswerSplitter, Code, CodeEnd, CodeStart, Part, Prose
from grokdesk.ui.sentences import Explanation
from grokdesk.ui.spinner import Spinner
from grokdesk.ui.tokens import SMALL, TIGHT
from grokdesk.ui.widgets.answer_foot import AnswerFoot
from grokdesk.ui.widgets.code_block import CodeBlock
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.looks import row
from grokdesk.ui.widgets.prose_view import ProseView
from grokdesk.ui.widgets.sources import Sources
from grokdesk.ui.widgets.thinking import Thinking

_RENDER_MS = 50
_TURN_BUDGET_MS = 5
_PIECE_CHARS = 1_000
_LONGEST_VIEW = 12_000


class AnswerView(QWidget):
    """`take` only stores; a timer renders at most 20 times a second, a few milliseconds each."""

    settled = Signal()
    """Everything that came is on the screen."""
    retry_wanted = Signal()
    link_clicked = Signal(str)

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._kit = kit
        self._splitter = AnswerSplitter()
        self._waiting: deque[str] = deque()
        self._received: list[str] = []
        self._prose: ProseView | None = None
        self._code: CodeBlock | None = None
        self._ended = False
        self._timer = QTimer(self, interval=_RENDER_MS)
        self._timer.timeout.connect(self.render_some)
        self._set_up_parts()

    @property
    def received(self) -> str:
        return "".join(self._received)

    def take(self, chunk: Chunk) -> None:
        match chunk:
            case TextDelta(words):
                self._received.append(words)
                self._waiting.extend(
                    words[at : at + _PIECE_CHARS] for at in range(0, len(words), _PIECE_CHARS)
                )
            case ReasoningDelta(words):
                self._thinking.take(words)
            case Citation(_, url, title) | SearchSource(url, title):
                self._sources.add(url, title)
            case ToolActivity(name, detail):
                self._show_status(f"{name.replace('_', ' ').capitalize()} {detail}".strip())
            case ImageProgress(_, percent):
                self._show_status(f"Drawing a picture, {percent} %")
            case Image(_, url):
                self._sources.add(url, "Picture")
            case _:
                pass
        if not self._timer.isActive():
            self._timer.start()

    def end(self, statistics: str) -> None:
        self._foot.show_statistics(statistics)
        self._end()

    def stop(self) -> None:
        self._foot.show_statistics("Stopped.")
        self._end()

    def fail(self, explanation: Explanation) -> None:
        self._foot.show_error(explanation)
        self._end()

    def render_some(self) -> None:
        """Render what is waiting, but never for longer than a moment."""
        clock = QElapsedTimer()
        clock.start()
        self._thinking.render_some(has_answer=bool(self._received))
        while self._waiting and clock.elapsed() < _TURN_BUDGET_MS:
            self._apply(self._splitter.feed(self._waiting.popleft()))
        self._show_tail()
        if not self._waiting:
            self._rest()

    def _set_up_parts(self) -> None:
        self._status_row = QWidget()
        self._status = PlainLabel("Waiting for the first token", role="muted")
        line = row(Spinner(), self._status, None, spacing=SMALL)
        line.setContentsMargins(0, TIGHT, 0, TIGHT)
        self._status_row.setLayout(line)
        self._thinking = Thinking(self._kit)
        self._sources = Sources()
        self._sources.link_clicked.connect(self.link_clicked)
        self._foot = AnswerFoot(self._kit, lambda: self.received)
        self._foot.retry_wanted.connect(self.retry_wanted)
        self._segments = QVBoxLayout()
        self._segments.setSpacing(SMALL)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SMALL)
        layout.addWidget(self._thinking)
        layout.addLayout(self._segments)
        layout.addWidget(self._status_row)
        layout.addWidget(self._sources)
        layout.addWidget(self._foot)

    def _show_status(self, words: str) -> None:
        self._status.setText(text.one_line(words, 120))
        self._status_row.setVisible(not self._ended)

    def _end(self) -> None:
        self._ended = True
        self._thinking.end()
        self._status_row.hide()
        if not self._timer.isActive():
            self._timer.start()

    def _rest(self) -> None:
        """Nothing is waiting: stand still until more comes."""
        self._timer.stop()
        if self._ended:
            self._apply(self._splitter.finish())
            self._foot.setVisible(True)
            self.settled.emit()

    def _apply(self, parts: tuple[Part, ...]) -> None:
        for part in parts:
            match part:
                case Prose(words):
                    self._prose_view().add_final(words)
                case CodeStart(language):
                    self._start_code(language)
                case Code(words):
                    if self._code is not None:
                        self._code.code.append_text(words)
                case CodeEnd():
                    self._code = None

    def _show_tail(self) -> None:
        if self._received:
            self._status_row.hide()
        if self._code is not None:
            self._code.code.append_text("", self._splitter.code_tail)
        elif self._splitter.tail.strip():
            self._prose_view().show_tail(self._splitter.tail)
        elif self._prose is not None:
            self._prose.show_tail("")

    def _prose_view(self) -> ProseView:
        if self._prose is None or len(self._prose.markdown) > _LONGEST_VIEW:
            self._prose = ProseView(self._kit.theme)
            self._prose.link_clicked.connect(self.link_clicked)
            self._segments.addWidget(self._prose)
        return self._prose

    def _start_code(self, language: str) -> None:
        if self._prose is not None:
            self._prose.show_tail("")
        kit = self._kit
        label = text.one_line(language, 24)
        self._code = CodeBlock(kit.theme, kit.icons, kit.clipboard, label)
        self._segments.addWidget(self._code)
        self._prose = None
