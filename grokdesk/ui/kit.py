"""What every page, dialog and widget is built with."""

from dataclasses import dataclass

from grokdesk.services.bundle import Services
from grokdesk.ui.bridge import EventBridge
from grokdesk.ui.calls import Calls
from grokdesk.ui.clipboard import Clipboard
from grokdesk.ui.icons import Icons
from grokdesk.ui.theme import Theme
from grokdesk.ui.ui_state import UiState


@dataclass(frozen=True, slots=True)
class Kit:
    """Built once by `application`; lives as long as the windows."""

    services: Services
    theme: Theme
    icons: Icons
    bridge: EventBridge
    calls: Calls
    clipboard: Clipboard
    state: UiState
