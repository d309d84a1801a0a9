import asyncio
import threading

import pytest

from grokdesk.domain.errors import ConflictError, SettingsError, VaultLockedError
from grokdesk.domain.events import SettingsChanged
from grokdesk.kernel.bus import EventBus
from grokdesk.settings.layers import Source
from grokdesk.settings.model import DECLARATIONS
from grokdesk.settings.service import SettingsService

TICK = 0.01


@pytest.fixture
def path(tmp_path):
    return tmp_path / "settings.toml"


@pytest.fixture
def bus():
    return EventBus()


@pytest.fixture
def announced(bus):
    events = []
    bus.subscribe(SettingsChanged, lambda event: events.append(set(event.keys)))
    return events


@pytest.fixture
def service(path, bus):
    service = SettingsService(path, {}, {}, bus)
    service.load()
    return service


class Recorder:
    """An applier that notes the port it was moved to and fails where it is told to."""

    def __init__(self, steps, name, *, fails_at=()):
        self.steps, self.name, self.fails_at = steps, name, fails_at

    async def __call__(self, old, new):
        self.steps.append((self.name, old.gateway.port, new.gateway.port))
        if new.gateway.port in self.fails_at:
            raise ConflictError(f"The port {new.gateway.port} is taken.")


@pytest.fixture
async def watching(service):
    task = asyncio.get_running_loop().create_task(service.watch(TICK))
    yield service
    task.cancel()
    await asyncio.wait([task])


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(TICK)


def test_flag_beats_environment_beats_file_beats_default(path, bus):
    path.write_text("[gateway]\nport = 3\nmax_body_mb = 3\nheartbeat_s = 3\n")
    environ = {"GROKDESK_GATEWAY_PORT": "2", "GROKDESK_GATEWAY_MAX_BODY_MB": "2"}
    service = SettingsService(path, environ, {"gateway.port": 1}, bus)
    gateway = service.load().gateway
    assert (gateway.port, gateway.max_body_mb, gateway.heartbeat_s) == (1, 2, 3.0)
    assert service.explain("gateway.port") == (1, Source.FLAG)
    assert service.explain("gateway.max_body_mb") == (2, Source.ENVIRONMENT)
    assert service.explain("gateway.heartbeat_s") == (3.0, Source.FILE)
    assert service.explain("ui.theme") == ("system", Source.DEFAULT)


def test_explaining_what_is_no_setting_is_an_error(service):
    with pytest.raises(SettingsError, match="There is no setting"):
        service.explain("gateway.nothing")


@pytest.mark.parametrize(
    ("environ", "overrides", "culprit"),
    [
        ({"GROKDESK_GATEWAY_PORT": "x"}, {}, "GROKDESK_GATEWAY_PORT"),
        ({}, {"gateway.port": 99_999}, "The option for gateway.port"),
        ({}, {"gateway.nothing": 1}, "gateway.nothing"),
    ],
)
def test_a_bad_variable_or_flag_stops_the_start_and_is_named(
    path, bus, environ, overrides, culprit
):
    with pytest.raises(SettingsError, match=culprit):
        SettingsService(path, environ, overrides, bus).load()


def test_a_bad_file_stops_nothing_and_becomes_a_notice(path, bus, caplog):
    path.write_text("[gateway]\nport = 'x'\nmax_body_mb = 5\n")
    service = SettingsService(path, {}, {}, bus)
    assert service.load().gateway.max_body_mb == 5
    assert service.current.gateway.port == 18_787
    assert "gateway.port = 'x'" in service.notices[0]
    assert "gateway.port = 'x'" in caplog.text


async def test_an_update_takes_effect_is_written_down_and_announced(service, path, announced):
    settings = await service.update({"gateway.port": 9000, "ui.theme": "dark"})
    assert (settings.gateway.port, settings.ui.theme) == (9000, "dark")
    assert service.current is settings
    assert announced == [{"gateway.port", "ui.theme"}]
    again = SettingsService(path, {}, {}, EventBus())
    assert again.load() == settings


async def test_appliers_run_in_order_before_anything_is_written(service, path):
    steps = []
    service.add_applier(Recorder(steps, "first"))

    async def look(old, new):
        steps.append(("file there", path.exists(), service.current is old))

    service.add_applier(look)
    await service.update({"gateway.port": 9000})
    assert steps == [("first", 18_787, 9000), ("file there", False, True)]


async def test_a_failing_applier_rolls_back_the_others_in_reverse(service, path, announced):
    steps = []
    service.add_applier(Recorder(steps, "first"))
    service.add_applier(Recorder(steps, "second"))
    service.add_applier(Recorder(steps, "third", fails_at={9000}))
    before = service.current
    with pytest.raises(ConflictError, match="9000 is taken"):
        await service.update({"gateway.port": 9000})
    assert steps == [
        ("first", 18_787, 9000),
        ("second", 18_787, 9000),
        ("third", 18_787, 9000),
        ("second", 9000, 18_787),
        ("first", 9000, 18_787),
    ]
    assert service.current is before
    assert not path.exists()
    assert announced == []


async def test_a_failing_roll_back_does_not_keep_the_others_from_theirs(service):
    steps = []
    service.add_applier(Recorder(steps, "first"))
    service.add_applier(Recorder(steps, "second", fails_at={18_787}))
    service.add_applier(Recorder(steps, "third", fails_at={9000}))
    with pytest.raises(ConflictError):
        await service.update({"gateway.port": 9000})
    assert steps[-2:] == [("second", 9000, 18_787), ("first", 9000, 18_787)]


async def test_a_disk_that_does_not_take_it_rolls_everything_back(
    service, path, announced, monkeypatch
):
    def full(*_):
        raise OSError(28, "No space left on device")

    steps = []
    service.add_applier(Recorder(steps, "only"))
    monkeypatch.setattr("grokdesk.settings.file.write_atomically", full)
    with pytest.raises(SettingsError, match="cannot be saved: No space left on device"):
        await service.update({"gateway.port": 9000})
    assert steps == [("only", 18_787, 9000), ("only", 9000, 18_787)]
    assert service.current.gateway.port == 18_787
    assert announced == []


async def test_the_disk_is_not_used_on_the_loops_thread(service, monkeypatch):
    threads = []
    real = service._file.save

    def save(changes):
        threads.append(threading.current_thread())
        return real(changes)

    monkeypatch.setattr(service._file, "save", save)
    await service.update({"gateway.port": 9000})
    assert threads
    assert threads[0] is not threading.current_thread()


@pytest.mark.parametrize(
    ("patch", "reason"),
    [
        ({"gateway.port": "x"}, "must be a whole number"),
        ({"ui.theme": "dark", "gateway.port": -1}, "must be between"),
        ({"gateway.nothing": 1}, "There is no setting"),
        ({"gateway.nothing": None}, "There is no setting"),
        ({"upstream.web_url": "https://evil.example"}, "tokens would be sent"),
    ],
)
async def test_a_bad_patch_changes_nothing_at_all(service, path, announced, patch, reason):
    with pytest.raises(SettingsError, match=reason):
        await service.update(patch)
    assert service.current.ui.theme == "system"
    assert not path.exists()
    assert announced == []


async def test_a_patch_without_a_change_writes_and_announces_nothing(service, path, announced):
    before = service.current
    assert await service.update({"gateway.port": 18_787, "ui.theme": None}) is before
    assert not path.exists()
    assert announced == []


async def test_none_resets_to_the_default_and_leaves_the_file(service, path, announced):
    await service.update({"gateway.port": 9000})
    await service.update({"gateway.port": None})
    assert service.current.gateway.port == 18_787
    assert service.explain("gateway.port") == (18_787, Source.DEFAULT)
    assert "port" not in path.read_text().replace("# ", "").split("[gateway]")[1]
    assert announced[-1] == {"gateway.port"}


async def test_a_pinned_value_says_what_pins_it(path, bus):
    path.write_text("[gateway]\nport = 5\n")
    environ = {"GROKDESK_GATEWAY_PORT": "7"}
    service = SettingsService(path, environ, {"ui.theme": "dark"}, bus)
    service.load()
    with pytest.raises(SettingsError, match=r"set by GROKDESK_GATEWAY_PORT") as caught:
        await service.update({"gateway.port": 9})
    assert caught.value.key == "gateway.port"
    with pytest.raises(SettingsError, match="set by the command line"):
        await service.update({"ui.theme": "light"})
    with pytest.raises(SettingsError, match="GROKDESK_GATEWAY_PORT"):
        await service.update({"gateway.port": None})
    settings = await service.update({"gateway.port": 7, "ui.theme": "dark", "logs.level": "debug"})
    assert settings.logs.level == "debug"


async def test_pinned_values_are_not_written_into_the_file(path, bus):
    service = SettingsService(path, {"GROKDESK_GATEWAY_PORT": "7"}, {}, bus)
    service.load()
    await service.update({"ui.theme": "dark"})
    assert "port" not in path.read_text().split("[ui]")[1]
    assert "7" not in path.read_text()


async def test_a_rejected_value_in_the_file_can_be_replaced_even_by_the_default(path, bus):
    path.write_text("[gateway]\nport = 'x'\n")
    service = SettingsService(path, {}, {}, bus)
    service.load()
    await service.update({"gateway.port": 18_787})
    assert service.notices == ()
    assert "18787" in path.read_text()


async def test_a_rejected_value_in_the_file_can_be_removed(path, bus):
    path.write_text("[gateway]\nport = 'x'\n")
    service = SettingsService(path, {}, {}, bus)
    service.load()
    await service.update({"gateway.port": None})
    assert service.notices == ()
    assert "port" not in path.read_text()


async def test_two_updates_at_once_are_both_kept(service, path):
    await asyncio.gather(
        service.update({"gateway.port": 9000}), service.update({"ui.theme": "dark"})
    )
    again = SettingsService(path, {}, {}, EventBus())
    assert again.load() == service.current
    assert (service.current.gateway.port, service.current.ui.theme) == (9000, "dark")


async def test_an_update_does_not_overwrite_an_edit_that_was_not_seen_yet(service, path, announced):
    path.write_text("# mine\n[pool]\nmax_in_flight = 3\n")
    await service.update({"gateway.port": 9000})
    assert service.current.pool.max_in_flight == 3
    assert "# mine" in path.read_text()
    assert announced == [{"pool.max_in_flight"}, {"gateway.port"}]


async def test_an_update_cancelled_while_it_saves_is_either_whole_or_not_there(
    service, path, announced, monkeypatch
):
    saving, finish = threading.Event(), threading.Event()
    real = service._file.save

    def slow(changes):
        saving.set()
        finish.wait(5)
        return real(changes)

    monkeypatch.setattr(service._file, "save", slow)
    task = asyncio.get_running_loop().create_task(service.update({"gateway.port": 9000}))
    await until(saving.is_set)
    task.cancel()
    await asyncio.sleep(TICK)
    assert not task.done()
    finish.set()
    await asyncio.wait([task])
    assert task.cancelled()
    assert service.current.gateway.port == 9000
    assert "9000" in path.read_text()
    assert announced == [{"gateway.port"}]


async def test_an_update_cancelled_in_an_applier_is_rolled_back(service, path):
    steps = []
    service.add_applier(Recorder(steps, "first"))
    stuck = asyncio.Event()

    async def wait_for_ever(old, new):
        stuck.set()
        await asyncio.Event().wait()

    service.add_applier(wait_for_ever)
    task = asyncio.get_running_loop().create_task(service.update({"gateway.port": 9000}))
    await stuck.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert steps == [("first", 18_787, 9000), ("first", 9000, 18_787)]
    assert not path.exists()


async def test_an_edit_outside_is_applied_and_announced(watching, path, announced):
    steps = []
    watching.add_applier(Recorder(steps, "port"))
    path.write_text("[gateway]\nport = 9000\n")
    await until(lambda: watching.current.gateway.port == 9000)
    assert steps == [("port", 18_787, 9000)]
    assert announced == [{"gateway.port"}]
    assert path.read_text() == "[gateway]\nport = 9000\n"


async def test_a_broken_edit_is_reported_and_the_settings_stay(watching, path, announced):
    await watching.update({"gateway.port": 9000})
    path.write_text("[gateway\n")
    await until(lambda: watching.notices)
    assert "The edit of settings.toml is not in force" in watching.notices[0]
    assert watching.current.gateway.port == 9000
    assert announced[-1] == set()
    path.write_text("[gateway]\nport = 9001\n")
    await until(lambda: watching.current.gateway.port == 9001)
    assert watching.notices == ()


async def test_one_bad_value_of_an_edit_keeps_the_value_in_force(watching, path):
    await watching.update({"gateway.port": 9000})
    path.write_text("[gateway]\nport = 'x'\nmax_body_mb = 7\n")
    await until(lambda: watching.current.gateway.max_body_mb == 7)
    assert watching.current.gateway.port == 9000
    assert "gateway.port = 'x'" in watching.notices[0]


async def test_an_edit_that_an_applier_refuses_is_reported_once(watching, path):
    steps = []
    watching.add_applier(Recorder(steps, "port", fails_at={9000}))
    path.write_text("[gateway]\nport = 9000\n")
    await until(lambda: watching.notices)
    assert "The port 9000 is taken" in watching.notices[0]
    await asyncio.sleep(10 * TICK)
    assert steps == [("port", 18_787, 9000)]
    assert watching.current.gateway.port == 18_787


async def test_a_file_half_written_by_an_editor_is_left_alone_until_it_rests(watching, path):
    await watching.update({"gateway.port": 9000})
    text = path.read_text()
    ports = []
    watching.add_applier(lambda _, new: _note(ports, new.gateway.port))
    for end in range(0, len(text), 4):
        path.write_text(text[:end] + "#" * end)
        await asyncio.sleep(TICK / 4)
    path.write_text(text)
    await asyncio.sleep(10 * TICK)
    assert ports == []
    assert watching.current.gateway.port == 9000


async def _note(notes, value):
    notes.append(value)


async def test_what_the_program_writes_itself_is_not_taken_for_an_edit(watching, announced):
    await watching.update({"gateway.port": 9000})
    await asyncio.sleep(10 * TICK)
    assert announced == [{"gateway.port"}]


async def test_an_edit_of_comments_alone_announces_nothing(watching, path, announced):
    path.write_text("[gateway]\nport = 9000\n")
    await until(lambda: watching.current.gateway.port == 9000)
    path.write_text("# a thought\n[gateway]\nport = 9000\n")
    await asyncio.sleep(10 * TICK)
    assert announced == [{"gateway.port"}]


async def test_a_deleted_file_means_the_defaults(watching, path):
    await watching.update({"gateway.port": 9000})
    await asyncio.sleep(5 * TICK)
    path.unlink()
    await until(lambda: watching.current.gateway.port == 18_787)


def test_everything_that_can_be_set_is_described(path, bus):
    path.write_text("[ui]\ntheme = 'dark'\n[upstream]\nproxy_url = 'http://joe:pw@proxy:1'\n")
    service = SettingsService(path, {"GROKDESK_GATEWAY_PORT": "7"}, {}, bus)
    service.load()
    infos = {info.key: info for info in service.describe()}
    assert list(infos) == list(DECLARATIONS)
    theme, port = infos["ui.theme"], infos["gateway.port"]
    assert (theme.value, theme.default, theme.source) == ("dark", "system", Source.FILE)
    assert theme.choices == ("system", "light", "dark")
    assert theme.pinned_by == ""
    assert (port.value, port.pinned_by) == (7, "GROKDESK_GATEWAY_PORT")
    assert infos["gateway.heartbeat_s"].unit == "s"
    assert infos["accounts.vault"].needs_restart


def test_a_password_in_a_setting_is_not_shown(path, bus):
    path.write_text("[upstream]\nproxy_url = 'http://joe:pw@proxy:1'\n")
    service = SettingsService(path, {}, {}, bus)
    assert service.load().upstream.proxy_url == "http://joe:pw@proxy:1"
    assert service.explain("upstream.proxy_url")[0] == "http://***@proxy:1"
    assert "joe:pw" not in repr(service.describe())


async def test_what_takes_effect_at_the_next_start_is_known(service):
    await service.update({"accounts.vault": "sealed", "ui.theme": "dark"})
    assert service.pending_restart == {"accounts.vault"}
    await service.update({"accounts.vault": "auto"})
    assert service.pending_restart == set()


PROXY = "upstream.proxy_url"
WITH_PASSWORD = "http://joe:pw@proxy:1"
WITHOUT = "http://joe@proxy:1"


@pytest.fixture
def safe():
    """What was put away."""
    return []


@pytest.fixture
def keeping(service, safe):
    """A service whose proxy passwords are put away, unless the safe is shut."""

    async def keep(value):
        if ":pw@" not in value:
            return value
        if safe == ["shut"]:
            raise VaultLockedError("The keyring is locked.")
        safe.append("pw")
        return value.replace(":pw@", "@")

    service.add_safekeeper(PROXY, keep)
    return service


def files(path):
    return "".join(each.read_text() for each in path.parent.iterdir())


async def test_a_secret_is_put_away_before_its_setting_is_written(keeping, path, safe):
    await keeping.update({PROXY: WITH_PASSWORD, "ui.theme": "dark"})
    assert keeping.current.upstream.proxy_url == WITHOUT
    assert keeping.current.ui.theme == "dark"
    assert safe == ["pw"]
    assert "pw" not in files(path)
    await keeping.update({PROXY: "none"})
    assert keeping.current.upstream.proxy_url == "none"


async def test_a_secret_that_cannot_be_put_away_leaves_all_as_it_was(keeping, path, safe):
    safe.append("shut")
    with pytest.raises(VaultLockedError):
        await keeping.update({PROXY: WITH_PASSWORD, "ui.theme": "dark"})
    assert keeping.current.ui.theme == "system"
    assert not path.exists()


async def test_a_secret_typed_into_the_file_leaves_it(keeping, watching, path, safe):
    path.write_text(f"# mine\n[upstream]\nproxy_url = '{WITH_PASSWORD}'\n")
    await until(lambda: keeping.current.upstream.proxy_url == WITHOUT)
    await until(lambda: "pw" not in files(path))
    assert path.read_text().startswith("# mine\n")
    assert safe == ["pw"]


async def test_a_secret_in_the_file_at_start_leaves_it_and_its_copy(path, bus, safe, announced):
    path.write_text(f"[upstream]\nproxy_url = '{WITH_PASSWORD}'\n")
    service = SettingsService(path, {}, {}, bus)
    service.load()
    assert "pw" in files(path)

    async def keep(value):
        safe.append(value)
        return WITHOUT

    service.add_safekeeper(PROXY, keep)
    await service.put_secrets_away()
    assert safe == [WITH_PASSWORD]
    assert "pw" not in files(path)
    assert announced == [{PROXY}]


async def test_a_secret_in_the_file_stays_in_force_while_it_cannot_be_put_away(
    keeping, watching, path, safe
):
    safe.append("shut")
    path.write_text(f"[upstream]\nproxy_url = '{WITH_PASSWORD}'\n")
    await until(lambda: keeping.notices)
    assert keeping.current.upstream.proxy_url == WITH_PASSWORD
    assert "stays in settings.toml for now: The keyring is locked." in keeping.notices[0]
    assert ":pw@" not in str(keeping.notices)
    safe.clear()
    await keeping.put_secrets_away()
    assert keeping.current.upstream.proxy_url == WITHOUT
    assert keeping.notices == ()
    assert "pw" not in files(path)


async def test_a_secret_of_the_environment_is_left_where_it_is(path, bus):
    environ = {"GROKDESK_UPSTREAM_PROXY_URL": WITH_PASSWORD}
    service = SettingsService(path, environ, {}, bus)
    service.load()

    async def keep(value):
        raise AssertionError(value)

    service.add_safekeeper(PROXY, keep)
    await service.put_secrets_away()
    await service.update({"ui.theme": "dark"})
    assert service.current.upstream.proxy_url == WITH_PASSWORD
    assert "pw" not in files(path)
