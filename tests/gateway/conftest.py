import contextlib

import aiohttp
import pytest

from tests.gateway.stand_in import open_gateway


@pytest.fixture
async def start_gateway(tmp_path):
    """Start a gateway with options; it is stopped after the test."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(**options):
            return await stack.enter_async_context(open_gateway(tmp_path, **options))

        yield start


@pytest.fixture
async def gateway(start_gateway):
    return await start_gateway()


@pytest.fixture
async def http():
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        yield session
