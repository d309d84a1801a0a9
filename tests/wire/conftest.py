"""Recorded frames and readable forms of what the decoders make of them."""

import dataclasses
import itertools
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from grokdesk.domain.chat import ReasoningDelta, TextDelta
from grokdesk.domain.errors import UpstreamError

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def sample() -> Callable[[str], bytes]:
    return lambda name: (HERE / "samples" / name).read_bytes()


@pytest.fixture(scope="session")
def cases(sample: Callable[[str], bytes]) -> Callable[[str], dict[str, Any]]:
    """The cases of a file with one per line, by name."""

    def load(name: str) -> dict[str, Any]:
        return {case["case"]: case for case in map(json.loads, sample(name).splitlines())}

    return load


@pytest.fixture(scope="session")
def readable() -> Callable[[Iterable[object]], list[list[object]]]:
    """Parts as lists of a name and values: what the files in `expected` hold."""

    def read(part: object) -> list[object]:
        if isinstance(part, UpstreamError):
            return [type(part).__name__, str(part)]
        return [type(part).__name__, *dataclasses.astuple(part)]

    return lambda parts: [read(part) for part in parts]


@pytest.fixture(scope="session")
def merged() -> Callable[[Iterable[object]], list[object]]:
    """Neighbouring pieces of text as one; errors as class and sentence, so that they compare."""

    def merge(parts: Iterable[object]) -> list[object]:
        result: list[object] = []
        for kind, group in itertools.groupby(parts, type):
            if kind in (TextDelta, ReasoningDelta):
                result.append(kind("".join(part.text for part in group)))
            else:
                result += [
                    (kind, str(part)) if isinstance(part, UpstreamError) else part for part in group
                ]
        return result

    return merge


@pytest.fixture(scope="session")
def expected() -> Callable[[str], list[list[object]]]:
    def load(name: str) -> list[list[object]]:
        lines = (HERE / "expected" / name).read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines]

    return load
