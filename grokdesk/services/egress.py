"""How grok.com is reached: proxies, Cloudflare's clearance and the pasted request signature."""

import enum
from dataclasses import dataclass

from grokdesk.domain.errors import (
    AntiBotError,
    ChallengedError,
    LocalNetworkError,
    UpstreamError,
    UpstreamUnavailableError,
)
from grokdesk.domain.events import SessionRenewed, SettingsChanged
from grokdesk.kernel.bus import EventBus
from grokdesk.services.egress_plan import EgressPlan
from grokdesk.services.secrets import SecretName
from grokdesk.settings.service import SettingsService
from grokdesk.upstream.web.client import GrokWebClient
from grokdesk.upstream.web.proxies import Proxy

_PROXY_KEYS = ("upstream.proxy_url", "upstream.assets_proxy_url")
_KEYS = frozenset(
    f"upstream.{name}"
    for name in (
        "proxy_url",
        "assets_proxy_url",
        "clearance",
        "flaresolverr_url",
        "flaresolverr_interval_s",
        "flaresolverr_timeout_s",
        "statsig",
        "connect_timeout_s",
        "first_byte_timeout_s",
        "idle_timeout_s",
    )
)


class Reachability(enum.StrEnum):
    REACHABLE = "reachable"
    CHALLENGED = "challenged"
    REFUSED = "refused"
    LOCAL_TROUBLE = "local_trouble"
    UNAVAILABLE = "unavailable"
    NOT_GROK = "not_grok"


_BY_ERROR = (
    (ChallengedError, Reachability.CHALLENGED),
    (AntiBotError, Reachability.REFUSED),
    (LocalNetworkError, Reachability.LOCAL_TROUBLE),
    (UpstreamUnavailableError, Reachability.UNAVAILABLE),
)


@dataclass(frozen=True, slots=True)
class EgressCheck:
    """How grok.com answered a request without a token. `server_time` is Unix time, if known."""

    result: Reachability
    sentence: str
    proxy: str
    """Without user and password; empty: directly."""
    error: UpstreamError | None = None
    server_time: float | None = None


@dataclass(frozen=True, slots=True)
class EgressSnapshot:
    """What is in use now, for display; empty before the first call."""

    proxy: str = ""
    assets_proxy: str = ""
    user_agent: str = ""
    has_clearance: bool = False
    trouble: str = ""
    """Why the last clearance could not be obtained."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """What is kept of what was pasted, and since when: Unix time, 0 for unknown, None for not."""

    clearance_at: float | None = None
    statsig_at: float | None = None


class EgressService:
    """The client follows the settings and what is pasted here, without a restart."""

    def __init__(
        self, settings: SettingsService, plan: EgressPlan, web: GrokWebClient, bus: EventBus
    ) -> None:
        self._settings = settings
        self._plan = plan
        self._web = web
        self._bus = bus
        web.sessions.on_renewed = self._on_renewed
        for key in _PROXY_KEYS:
            settings.add_safekeeper(key, plan.keep_password)
        bus.subscribe(SettingsChanged, self._on_settings)

    async def run(self) -> None:
        """For ever, as a supervised task: keeps a solved clearance fresh."""
        await self._settings.put_secrets_away()
        await self._web.sessions.keep_fresh()

    async def set_proxy(self, url: str, *, assets: bool = False) -> None:
        """`system`, `none` or an address, whose password goes to the vault."""
        await self._settings.update({_PROXY_KEYS[assets]: url})

    async def set_clearance(self, cookie: str, user_agent: str) -> None:
        """As copied from a browser in which grok.com works; both empty: forget it.

        Raise InvalidRequestError or SettingsError for what cannot be used.
        """
        if not cookie.strip() and not user_agent.strip():
            await self._forget(SecretName.CLEARANCE, "upstream.clearance", "manual")
            return
        await self._plan.keep_clearance(cookie, user_agent)
        await self._settings.update({"upstream.clearance": "manual"})
        self._web.sessions.invalidate()

    async def set_statsig(self, value: str) -> None:
        """As copied from a browser; empty: forget it. Raise InvalidRequestError."""
        if not value.strip():
            await self._forget(SecretName.STATSIG, "upstream.statsig", "pasted")
            return
        await self._plan.keep_statsig(value)
        await self._settings.update({"upstream.statsig": "pasted"})
        self._web.sessions.invalidate()

    async def pasted(self) -> Pasted:
        """Asks no keyring."""
        return Pasted(
            await self._plan.kept_since(SecretName.CLEARANCE),
            await self._plan.kept_since(SecretName.STATSIG),
        )

    async def solve(self) -> EgressCheck:
        """Have the solver obtain a clearance now, and see whether it lets us in."""
        renewed = await self._web.sessions.renew_now()
        trouble = self._web.sessions.trouble
        if not renewed and trouble:
            return self._failed(LocalNetworkError(trouble))
        return await self.test()

    async def test(self) -> EgressCheck:
        """Ask grok.com something without a token; after a challenge as a chat would, once more."""
        try:
            try:
                return await self._check()
            except (ChallengedError, AntiBotError) as error:
                if not (self._may_be_solved() and await self._web.renew_session(error)):
                    raise
                return await self._check()
        except UpstreamError as error:
            return self._failed(error)

    def snapshot(self) -> EgressSnapshot:
        session = self._web.sessions.current
        if session is None:
            return EgressSnapshot()
        return EgressSnapshot(
            proxy=_place(session.route.api),
            assets_proxy=_place(session.route.assets),
            user_agent=session.profile.user_agent,
            has_clearance=bool(session.clearance.cookies),
            trouble=self._web.sessions.trouble,
        )

    async def _check(self) -> EgressCheck:
        checked = await self._web.check()
        proxy = _place(checked.session.route.api)
        way = f"through the proxy {proxy}" if proxy else "directly"
        sentence = f"grok.com can be reached {way}."
        return EgressCheck(Reachability.REACHABLE, sentence, proxy, server_time=checked.server_time)

    def _failed(self, error: UpstreamError) -> EgressCheck:
        result = next(
            (result for kind, result in _BY_ERROR if isinstance(error, kind)),
            Reachability.NOT_GROK,
        )
        return EgressCheck(result, str(error), self.snapshot().proxy, error)

    def _may_be_solved(self) -> bool:
        return self._settings.current.upstream.clearance == "flaresolverr"

    async def _forget(self, name: SecretName, key: str, mode: str) -> None:
        if self._settings.current.value(key) == mode:
            await self._settings.update({key: None})
        await self._plan.forget(name)
        self._web.sessions.invalidate()

    def _on_settings(self, event: SettingsChanged) -> None:
        if event.keys & _KEYS:
            self._web.sessions.invalidate()

    def _on_renewed(self, ok: bool, reason: str) -> None:
        self._bus.publish(SessionRenewed(ok, reason))


def _place(proxy: Proxy | None) -> str:
    return proxy.url if proxy else ""
