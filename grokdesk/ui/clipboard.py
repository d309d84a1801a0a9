"""Copying; a secret is taken back after a minute unless something else was copied since."""

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication

_SECRET_LIFETIME_MS = 60_000


class Clipboard(QObject):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._secret: str | None = None
        self._timer = QTimer(self, interval=_SECRET_LIFETIME_MS, singleShot=True)
        self._timer.timeout.connect(self.forget_secret)

    def copy(self, text: str, *, secret: bool = False) -> None:
        QGuiApplication.clipboard().setText(text)
        self._secret = text if secret else None
        if secret:
            self._timer.start()

    def forget_secret(self) -> None:
        """Also called at the end of the program: a key must not outlive it on the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if self._secret is not None and clipboard.text() == self._secret:
            clipboard.clear()
        self._secret = None
        self._timer.stop()
