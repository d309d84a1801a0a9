from collections.abc import AsyncIterator

import pytest

from grokdesk.kernel.clock import ManualClock
from tests.pool.counter import Make, open_counters


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def counters() -> AsyncIterator[Make]:
    async with open_counters() as make:
        yield make
