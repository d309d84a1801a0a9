"""What the settings and the vault together say about the way to grok.com."""

from dataclasses import replace

import msgspec

from grokdesk.domain.errors import LocalNetworkError, VaultLockedError
from grokdesk.services.secrets import SecretName, SecretService
from grokdesk.settings import rules
from grokdesk.settings.reaching import UpstreamSettings
from grokdesk.settings.service import SettingsService
from grokdesk.upstream.web.clearance import NO_CLEARANCE, Clearance, pasted_clearance
from grokdesk.upstream.web.flaresolverr import Solver
from grokdesk.upstream.web.proxies import Proxy, ProxyChoice, proxy_for
from grokdesk.upstream.web.session import Egress
from grokdesk.upstream.web.statsig import (
    PastedStatsig,
    StatsigProvider,
    no_statsig,
    pasted_statsig,
)
from grokdesk.upstream.web.watchdog import Timeouts


class EgressPlan:
    """Settings hold what may be read by anybody; the rest is in the vault."""

    def __init__(self, settings: SettingsService, secrets: SecretService) -> None:
        self._settings = settings
        self._secrets = secrets

    async def load(self) -> Egress:
        """What holds now. LocalNetworkError while a secret that it needs cannot be read."""
        upstream = self._settings.current.upstream
        egress = plain_egress(upstream)
        try:
            return replace(
                egress,
                proxy=await self._with_password(egress.proxy),
                assets_proxy=await self._with_password(egress.assets_proxy),
                clearance=await self._clearance(upstream, egress),
                statsig=await self._statsig(upstream),
            )
        except VaultLockedError as error:
            raise LocalNetworkError(
                f"What is needed on the way to grok.com cannot be read. {error}"
            ) from None

    async def proxy_to(self, url: str) -> Proxy | None:
        """On the way to any other place than grok.com. LocalNetworkError as above."""
        return await proxy_for((await self.load()).proxy, url)

    async def keep_clearance(self, cookie: str, user_agent: str) -> None:
        """Raise InvalidRequestError or SettingsError for what cannot be used."""
        clearance = pasted_clearance(cookie, user_agent)
        pair = _Pasted(clearance.cookies, clearance.profile.user_agent)
        await self._secrets.put(SecretName.CLEARANCE, msgspec.json.encode(pair).decode())

    async def keep_statsig(self, value: str) -> None:
        await self._secrets.put(SecretName.STATSIG, pasted_statsig(value))

    async def kept_since(self, name: SecretName) -> float | None:
        """Unix time, 0: unknown; None: nothing is kept."""
        return await self._secrets.since(name)

    async def forget(self, name: SecretName) -> None:
        await self._secrets.delete(name)

    async def keep_password(self, value: str) -> str:
        """The address without its password, which goes to the vault under that address: it is
        never sent to another one, and the old one is kept until the new address is in force.
        """
        proxy = _choice(value)
        if not isinstance(proxy, Proxy) or not proxy.password:
            return value
        upstream = self._settings.current.upstream
        in_force = {upstream.proxy_url, upstream.assets_proxy_url}
        kept = {url: word for url, word in (await self._passwords()).items() if url in in_force}
        kept[proxy.public_url] = proxy.password
        await self._secrets.put(SecretName.PROXY_PASSWORDS, msgspec.json.encode(kept).decode())
        return proxy.public_url

    async def _with_password(self, choice: ProxyChoice) -> ProxyChoice:
        if not isinstance(choice, Proxy) or not choice.user or choice.password:
            return choice
        passwords = await self._passwords()
        return replace(choice, password=passwords.get(choice.public_url, ""))

    async def _passwords(self) -> dict[str, str]:
        text = await self._secrets.get(SecretName.PROXY_PASSWORDS)
        return msgspec.json.decode(text, type=dict[str, str]) if text else {}

    async def _clearance(self, upstream: UpstreamSettings, egress: Egress) -> Clearance | Solver:
        if upstream.clearance != "manual":
            return egress.clearance
        text = await self._secrets.get(SecretName.CLEARANCE)
        if not text:
            return NO_CLEARANCE
        pair = msgspec.json.decode(text, type=_Pasted)
        return pasted_clearance(pair.cookies, pair.user_agent)

    async def _statsig(self, upstream: UpstreamSettings) -> StatsigProvider:
        wanted = upstream.statsig == "pasted"
        value = await self._secrets.get(SecretName.STATSIG) if wanted else ""
        return PastedStatsig(value) if value else no_statsig


def plain_egress(upstream: UpstreamSettings) -> Egress:
    """What the settings alone say, without the secrets."""
    proxy = _choice(upstream.proxy_url)
    solver = Solver(
        upstream.flaresolverr_url,
        upstream.flaresolverr_timeout_s,
        upstream.flaresolverr_interval_s,
    )
    return Egress(
        proxy=proxy,
        assets_proxy=_choice(upstream.assets_proxy_url) if upstream.assets_proxy_url else proxy,
        timeouts=Timeouts(
            upstream.connect_timeout_s, upstream.first_byte_timeout_s, upstream.idle_timeout_s
        ),
        clearance=solver if upstream.clearance == "flaresolverr" else NO_CLEARANCE,
    )


class _Pasted(msgspec.Struct):
    """One text in the vault, so that the cookie never meets another browser's name."""

    cookies: str
    user_agent: str


def _choice(value: str) -> ProxyChoice:
    if value == rules.SYSTEM_PROXY:
        return "system"
    return None if value in ("", rules.NO_PROXY) else Proxy.parse(value)
