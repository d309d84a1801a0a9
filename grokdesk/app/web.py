"""Builds the grok.com client from the settings."""

from urllib.parse import urlsplit

from grokdesk.kernel.clock import Clock
from grokdesk.settings.model import Settings
from grokdesk.settings.service import SettingsService
from grokdesk.upstream.web.client import GrokWebClient
from grokdesk.upstream.web.transport import Transport
from grokdesk.upstream.web.watchdog import Timeouts
from grokdesk.upstream.web.wire.browser import BrowserProfile
from grokdesk.upstream.web.wire.facts import Origins


def new_web_client(
    settings: SettingsService, clock: Clock, *, web_url: str | None = None
) -> GrokWebClient:
    """`web_url` replaces the settings' origins, for the simulator. Raise SettingsError."""
    upstream = settings.current.upstream
    origins = (
        Origins.of(web_url)
        if web_url
        else Origins.of(upstream.web_url, upstream.assets_url, upstream.socket_url)
    )
    profile = BrowserProfile()
    return GrokWebClient(
        origins,
        profile,
        Transport(
            profile.impersonate,
            timeouts=Timeouts(
                upstream.connect_timeout_s, upstream.first_byte_timeout_s, upstream.idle_timeout_s
            ),
            proxy=_proxy(settings.current, origins),
        ),
        clock,
        chat_transport=lambda: settings.current.upstream.chat_transport,
        turn_timeout_s=lambda: settings.current.upstream.turn_timeout_s,
    )


def _proxy(settings: Settings, origins: Origins) -> str | None:
    """None follows the environment; a proxy is of no use on the way to this computer."""
    if urlsplit(origins.web).hostname in ("127.0.0.1", "::1", "localhost"):
        return ""
    return settings.upstream.proxy_url or None
