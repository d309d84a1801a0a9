"""QObjects die in the thread of the windows, whoever happens to allocate."""

import gc
import threading

from desk import Desk
from PySide6.QtCore import QObject

from grokdesk.ui.garbage import GarbageCollector


class Mourned(QObject):
    """Notes in which thread it died."""

    def __init__(self, deaths: list[str]) -> None:
        super().__init__()
        self.me = self
        self.deaths = deaths

    def __del__(self) -> None:
        self.deaths.append(threading.current_thread().name)


def allocate_much() -> None:
    """Enough to make the automatic collection run, were it on."""
    for _ in range(50):
        kept = [[] for _ in range(5_000)]
        del kept


async def test_a_busy_worker_thread_does_not_collect_qobjects(bare: Desk) -> None:
    deaths: list[str] = []
    gc.collect()
    for _ in range(20):
        Mourned(deaths)
    worker = threading.Thread(target=allocate_much, name="worker")
    worker.start()
    worker.join()
    assert deaths == []


async def test_garbage_is_collected_from_time_to_time(bare: Desk) -> None:
    deaths: list[str] = []
    kept = [[number] for number in range(5_000)]
    for _ in range(20):
        Mourned(deaths)
    await bare.until(lambda: len(deaths) == 20, timeout=4)
    assert set(deaths) == {threading.main_thread().name}
    assert kept


def test_the_automatic_collection_comes_back_at_the_end(qapp: object) -> None:
    collector = GarbageCollector()
    collector.start()
    assert not gc.isenabled()
    collector.stop()
    assert gc.isenabled()
