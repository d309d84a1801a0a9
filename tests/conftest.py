"""What holds for all tests without windows."""

import gc
import warnings
from collections.abc import Iterator

import pytest


def pytest_collection_finish() -> None:
    """Thousands of tests and their modules stay: a collection need not look at them each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _forgotten_sockets_are_collected_where_they_arise(
    request: pytest.FixtureRequest,
) -> Iterator[None]:
    """keyring (25.7) leaves D-Bus connections to the garbage collector when a call fails.

    Their ResourceWarning would fail whichever test runs when the collector comes around.
    """
    yield
    if request.node.get_closest_marker("keyring") is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
