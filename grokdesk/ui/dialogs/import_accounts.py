"""Import: paste or drop, see what is in it, then import; nothing is saved before that."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import shiboken6
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QProgressBar,
    QStackedLayout,
    QStackedWidget,
    QWidget,
)

from grokdesk.services.import_formats import ImportPreview, preview
from grokdesk.ui import text
from grokdesk.ui.dialogs.frame import Dialog
from grokdesk.ui.kit import Kit
from grokdesk.ui.models.import_entries import ImportEntriesModel
from grokdesk.ui.presenters.import_run import ImportRun, ImportSummary
from grokdesk.ui.presenters.import_source import ImportText, read_file
from grokdesk.ui.presenters.preferences import TIER_CHOICES
from grokdesk.ui.tokens import LARGE, MEDIUM, SMALL
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.check_box import CheckBox
from grokdesk.ui.widgets.combo import ComboBox
from grokdesk.ui.widgets.drop_zone import DropZone
from grokdesk.ui.widgets.entry_table import EntryTable
from grokdesk.ui.widgets.info_bar import InfoBar
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.looks import column, named, row

_PREVIEW_AFTER_MS = 150
_FILTER = "Tokens (*.txt *.json *.jsonl *.csv)"


class ImportDialog(Dialog):
    """`on_end` gets the summary; it may come after the dialog was closed."""

    def __init__(
        self, parent: QWidget | None, kit: Kit, on_end: Callable[[ImportSummary], object]
    ) -> None:
        super().__init__(parent, "Import accounts", width=720)
        self.resize(kit.theme.scaled(780), kit.theme.scaled(600))
        self._kit = kit
        self._on_end = on_end
        self._source = ImportText("")
        self._preview = ImportPreview(())
        self._run: ImportRun | None = None
        self._previewing: asyncio.Task[ImportPreview | None] | None = None
        self.info = InfoBar(kit.icons)
        self.model = ImportEntriesModel(self)
        self._timer = QTimer(self, interval=_PREVIEW_AFTER_MS, singleShot=True)
        self._timer.timeout.connect(self._preview_pasted)
        self._add_source()
        self._add_preview()
        self._add_options()
        self._add_progress()
        self._cancel = self.add_button(make_button("Cancel", clicked=self.reject))
        self.confirm = self.add_button(
            make_button("Import", kind="primary", clicked=self.start), default=True
        )
        self._show_preview(self._preview)
        self.drop.edit.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._forget()
        super().closeEvent(event)

    def reject(self) -> None:
        """While an import runs, Cancel stops it and Esc leaves it running in the background."""
        self._forget()
        super().reject()

    def start(self) -> None:
        if not _worth_running(self._preview) or self._run is not None:
            return
        self._run = ImportRun(self._kit.services, self._progress, self._ended)
        self._show_running(len(self._preview.new))
        self._run.start(self._preview, tier=self.tier.currentData(), probe=self.check.isChecked())
        self._forget()

    def use_file(self, path: Path) -> None:
        self._kit.calls.run(
            read_file(path),
            name="read import file",
            busy=self._choose,
            info=self.info,
            done=self._take,
        )

    def _add_source(self) -> None:
        self.drop = DropZone(self._kit.theme)
        self.drop.edit.textChanged.connect(self._timer.start)
        self.drop.file_dropped.connect(self.use_file)
        self.drop.text_dropped.connect(lambda words: self._take(ImportText(words)))
        self.drop.refused.connect(lambda sentence: self.info.say(sentence, tone="bad"))
        self._choose = make_button(
            "Choose file…", self._kit.icons, "folder", clicked=self._choose_file
        )
        self._file = PlainLabel(role="strong")
        clear = make_button("Remove", self._kit.icons, "close", kind="ghost", clicked=self._clear)
        chip = QFrame()
        chip.setProperty("kind", "well")
        inside = row(self._file, None, clear)
        inside.setContentsMargins(MEDIUM, SMALL, SMALL, SMALL)
        chip.setLayout(inside)
        self._sources = QStackedWidget()
        self._sources.addWidget(self.drop)
        self._sources.addWidget(chip)
        self._sources.setFixedHeight(self._kit.theme.scaled(132))
        hint = PlainLabel(
            "The session token is the “sso” cookie of grok.com. Nothing is saved before you "
            "press Import.",
            role="muted",
            wrap=True,
        )
        head = row(spacing=LARGE)
        head.addWidget(hint, 1)
        head.addWidget(self._choose)
        self.body.addLayout(head)
        self.body.addWidget(self._sources)
        self.body.addWidget(self.info)

    def _add_preview(self) -> None:
        self.counts = PlainLabel(role="muted")
        frame = QFrame()
        frame.setProperty("kind", "well")
        hint = PlainLabel("What you paste appears here, one line per token.", role="muted")
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._found = QStackedLayout(frame)
        self._found.addWidget(hint)
        self._found.addWidget(EntryTable(self.model, self._kit.theme))
        self.body.addWidget(self.counts)
        self.body.addWidget(frame, 1)

    def _add_options(self) -> None:
        self.tier = ComboBox("Tier of the imported accounts")
        for name, tier in TIER_CHOICES:
            self.tier.addItem("Auto" if tier is None else name, tier)
        self.check = CheckBox(self._kit.theme, "Check accounts after import")
        self.check.setChecked(self._kit.services.settings.current.accounts.probe_on_import)
        label = PlainLabel("Tier", role="muted")
        label.setBuddy(self.tier)
        self._options = QWidget()
        self._options.setLayout(row(label, self.tier, MEDIUM, self.check, None))
        self.body.addWidget(self._options)

    def _add_progress(self) -> None:
        self._bar = named(QProgressBar(), "Progress of the import")
        self._bar.setTextVisible(False)
        self._words = PlainLabel(role="muted")
        self._progress_row = QWidget()
        self._progress_row.hide()
        self._progress_row.setLayout(column(self._words, self._bar))
        self.body.addWidget(self._progress_row)

    def _choose_file(self) -> None:
        chooser = QFileDialog(self, "Choose a file with tokens", "", _FILTER)
        chooser.setFileMode(QFileDialog.FileMode.ExistingFile)
        chooser.fileSelected.connect(lambda name: self.use_file(Path(name)))
        chooser.finished.connect(chooser.deleteLater)
        chooser.open()

    def _take(self, source: ImportText) -> None:
        self._source = source
        size = text.count(source.text.count("\n") + 1, "line")
        self._file.setText(f"{text.one_line(source.name, 80) or 'Pasted text'}  ·  {size}")
        self._sources.setCurrentIndex(1)
        self._start_preview(source.text)

    def _clear(self) -> None:
        self._source = ImportText("")
        self._sources.setCurrentIndex(0)
        self.info.clear()
        self._preview_pasted()

    def _preview_pasted(self) -> None:
        if self._run is None:
            self._start_preview(self.drop.edit.toPlainText())

    def _start_preview(self, words: str) -> None:
        if self._previewing is not None:
            self._previewing.cancel()
        self._previewing = self._kit.calls.begin(
            asyncio.to_thread(preview, words, self._kit.services.accounts.fingerprints()),
            name="import preview",
            info=self.info,
            done=self._show_preview,
        )

    def _show_preview(self, found: ImportPreview) -> None:
        self._preview = found
        self.model.show_entries(found.entries)
        self._found.setCurrentIndex(1 if found.entries else 0)
        self.counts.setText(_counts(found))
        self.confirm.setText(_offer(found))
        self.confirm.setAccessibleName(self.confirm.text())
        self.confirm.setEnabled(_worth_running(found))

    def _show_running(self, total: int) -> None:
        self._sources.setEnabled(False)
        self._choose.setEnabled(False)
        self._options.hide()
        self.confirm.hide()
        self._cancel.setText("Stop")
        self._cancel.setAccessibleName("Stop the import")
        self._cancel.clicked.disconnect()
        self._cancel.clicked.connect(self._stop)
        self._progress_row.show()
        self._progress(0, total)

    def _progress(self, done: int, total: int) -> None:
        if self._run is not None and self._is_open():
            self._bar.setMaximum(total)
            self._bar.setValue(done)
            self._words.setText(f"Importing {self._run.words(done, total)}")

    def _stop(self) -> None:
        if self._run is not None:
            self._run.cancel()

    def _ended(self, summary: ImportSummary) -> None:
        self._on_end(summary)
        if self._is_open():
            self.accept()

    def _is_open(self) -> bool:
        """The import may outlive the dialog."""
        return shiboken6.isValid(self) and self.isVisible()

    def _forget(self) -> None:
        """Tokens do not stay in a text field."""
        if self._previewing is not None:
            self._previewing.cancel()
        self._source = ImportText("")
        self.drop.edit.blockSignals(True)
        self.drop.edit.clear()
        self.drop.edit.blockSignals(False)


def _worth_running(found: ImportPreview) -> bool:
    """Known accounts are worth it, too: the vault may have lost their tokens."""
    return bool(found.new or found.duplicates)


def _offer(found: ImportPreview) -> str:
    if found.new:
        return f"Import {text.count(len(found.new), 'account')}"
    return "Restore lost tokens" if found.duplicates else "Import"


def _counts(found: ImportPreview) -> str:
    if not found.entries:
        return "Preview"
    parts = (
        (len(found.new), "new"),
        (len(found.duplicates), "already here"),
        (len(found.malformed), "not usable"),
    )
    return ",  ".join(f"{text.number(number)} {name}" for number, name in parts if number)
