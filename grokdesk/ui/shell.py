"""The main window: a sidebar with the pages and the state of the gateway, and the page itself."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from grokdesk.ui.dialogs.import_accounts import ImportDialog
from grokdesk.ui.kit import Kit
from grokdesk.ui.pages.accounts import AccountsPage
from grokdesk.ui.pages.connection import ConnectionPage
from grokdesk.ui.pages.keys import KeysPage
from grokdesk.ui.pages.overview import OverviewPage
from grokdesk.ui.pages.page import Page
from grokdesk.ui.pages.playground import PlaygroundPage
from grokdesk.ui.pages.settings import SettingsPage
from grokdesk.ui.presenters.import_run import ImportSummary
from grokdesk.ui.widgets.banners import DemoBanner, TermsNotice
from grokdesk.ui.widgets.sidebar import Sidebar

SMALLEST = QSize(960, 620)
_WIDE_SIDEBAR_ABOVE = 1080
_FIRST_SIZE = QSize(1180, 760)
_GEOMETRY, _PAGE, _TERMS = "geometry", "page", "terms_acknowledged"


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page of the sidebar; `icon` is a file name in resources/icons."""

    id: str
    title: str
    icon: str
    build: Callable[[Kit], Page]


PAGES = (
    PageEntry("overview", "Overview", "overview", OverviewPage),
    PageEntry("accounts", "Accounts", "accounts", AccountsPage),
    PageEntry("keys", "API keys", "key", KeysPage),
    PageEntry("playground", "Playground", "playground", PlaygroundPage),
    PageEntry("connection", "Connection", "globe", ConnectionPage),
    PageEntry("settings", "Settings", "settings", SettingsPage),
)


class MainWindow(QMainWindow):
    """Pages are built when they are first opened. Closing only reports that it is wanted."""

    close_wanted = Signal()
    quit_wanted = Signal()

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._kit = kit
        self._pages: dict[str, Page] = {}
        self._may_close = False
        self.setWindowTitle("Grokdesk")
        self.setMinimumSize(SMALLEST)
        self.sidebar = Sidebar(kit, PAGES)
        self.sidebar.page_wanted.connect(self.open_page)
        self._stack = QStackedWidget()
        self.demo = DemoBanner(kit)
        self.demo.import_wanted.connect(self.import_accounts)
        self.terms = TermsNotice(kit.icons)
        self.terms.acknowledged.connect(self._acknowledge_terms)
        self._lay_out()
        self._add_shortcuts()
        kit.bridge.gateway_changed.connect(self._show_gateway)
        self._show_gateway()
        self.terms.setVisible(not kit.state.flag(_TERMS))
        self._restore()

    @property
    def page_id(self) -> str:
        return next(id for id, page in self._pages.items() if page is self._stack.currentWidget())

    def page(self, page_id: str) -> Page:
        """Built if need be."""
        if page_id not in self._pages:
            entry = next(entry for entry in PAGES if entry.id == page_id)
            page = entry.build(self._kit)
            page.wants_page.connect(self.open_page)
            page.wants_import.connect(self.import_accounts)
            self._pages[page_id] = page
            self._stack.addWidget(page)
        return self._pages[page_id]

    def open_page(self, page_id: str) -> None:
        page = self.page(page_id)
        self._stack.setCurrentWidget(page)
        self.sidebar.mark(page_id)
        self._kit.state.set(_PAGE, page_id)

    def import_accounts(self) -> None:
        ImportDialog(self, self._kit, self._import_ended).open()

    def bring_to_front(self) -> None:
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def remember(self) -> None:
        self._kit.state.set(_GEOMETRY, bytes(self.saveGeometry().data()))

    def let_close(self) -> None:
        """The program ends: the next close is a close."""
        self._may_close = True
        self.remember()
        self.close()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.sidebar.set_compact(event.size().width() < self._kit.theme.scaled(_WIDE_SIDEBAR_ABOVE))

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_close:
            event.accept()
        else:
            event.ignore()
            self.close_wanted.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.ActivationChange and not self.isActiveWindow():
            self._mask_secrets()

    def _mask_secrets(self) -> None:
        overview = self._pages.get("overview")
        if isinstance(overview, OverviewPage):
            overview.key_field.hide_key()

    def _lay_out(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.demo)
        column.addWidget(self.terms)
        column.addWidget(self._stack, 1)
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.sidebar)
        row.addWidget(content, 1)
        self.setCentralWidget(whole)

    def _add_shortcuts(self) -> None:
        for number, entry in enumerate(PAGES, start=1):
            shortcut = QShortcut(QKeySequence(f"Ctrl+{number}"), self)
            shortcut.activated.connect(lambda page_id=entry.id: self.open_page(page_id))
        QShortcut(QKeySequence("Ctrl+Q"), self, self.quit_wanted.emit)
        QShortcut(QKeySequence("Ctrl+,"), self, lambda: self.open_page("settings"))
        QShortcut(QKeySequence("Ctrl+I"), self, self.import_accounts)

    def _restore(self) -> None:
        saved = self._kit.state.blob(_GEOMETRY)
        if saved is None or not self.restoreGeometry(QByteArray(saved)):
            self.resize(_FIRST_SIZE)
        wanted = self._kit.state.text(_PAGE, "overview")
        known = {entry.id for entry in PAGES}
        self.open_page(wanted if wanted in known else "overview")

    def _show_gateway(self) -> None:
        gateway = self._kit.services.gateway.snapshot()
        self.demo.setVisible(gateway.demo)
        self.sidebar.status.show_gateway(gateway)

    def _acknowledge_terms(self) -> None:
        self._kit.state.set(_TERMS, True)
        self.terms.hide()

    def _import_ended(self, summary: ImportSummary) -> None:
        self.open_page("accounts")
        self.page("accounts").info.say(summary.sentence, tone=summary.tone)
