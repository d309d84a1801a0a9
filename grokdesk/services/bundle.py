"""All services together, as the windows and the gateway get them."""

from dataclasses import dataclass

from grokdesk.domain.catalog import ModelCatalog
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import Clock
from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.services.accounts import AccountService
from grokdesk.services.admission import AdmissionService
from grokdesk.services.apikeys import ApiKeyService
from grokdesk.services.chat import ChatService
from grokdesk.services.diagnostics import DiagnosticsService
from grokdesk.services.egress import EgressService
from grokdesk.services.gateway import GatewayService
from grokdesk.services.health import UpstreamHealth
from grokdesk.services.importer import ImportService
from grokdesk.services.metrics import MetricsService
from grokdesk.services.quota import QuotaKeeper
from grokdesk.services.responses import ResponseService
from grokdesk.services.usage import UsageService
from grokdesk.settings.service import SettingsService


@dataclass(frozen=True, slots=True)
class Services:
    """Built once by `app.assembly`."""

    chat: ChatService
    responses: ResponseService
    accounts: AccountService
    importer: ImportService
    keys: ApiKeyService
    admission: AdmissionService
    usage: UsageService
    gateway: GatewayService
    health: UpstreamHealth
    egress: EgressService
    diagnostics: DiagnosticsService
    quota: QuotaKeeper
    metrics: MetricsService
    settings: SettingsService
    catalog: ModelCatalog
    bus: EventBus
    tasks: TaskSupervisor
    clock: Clock
