"""Figures, what they should be, and how they are shown."""

import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

_HEADER = ("metric", "value", "yardstick", "ratio", "target", "met")
_NUMBERS = range(1, 4)


@dataclass(frozen=True, slots=True)
class Target:
    """What `of` a figure may be at most, or should be at least."""

    limit: float
    of: Literal["value", "ratio"] = "value"
    at_least: bool = False

    def is_met(self, number: float) -> bool:
        return number >= self.limit if self.at_least else number <= self.limit


@dataclass(frozen=True, slots=True)
class Figure:
    """`yardstick` is the same of a bare aiohttp proxy; `ratio` is taken round by round."""

    name: str
    value: float
    unit: str
    yardstick: float | None = None
    ratio: float | None = None
    target: Target | None = None

    @property
    def met(self) -> bool | None:
        """None without a target."""
        if self.target is None:
            return None
        number = self.ratio if self.target.of == "ratio" else self.value
        return number is not None and self.target.is_met(number)


def compared(
    name: str, unit: str, own: list[float], bare: list[float], target: Target | None = None
) -> Figure:
    """Medians, and the median of the ratios of each round: neighbours see the same machine."""
    ratio = statistics.median(a / b for a, b in zip(own, bare, strict=True))
    return Figure(name, statistics.median(own), unit, statistics.median(bare), ratio, target)


def table(figures: Iterable[Figure]) -> str:
    rows = [_HEADER, *map(_row, figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADER))]
    return "\n".join(_line(row, widths) for row in rows)


def as_json(figures: Sequence[Figure]) -> bytes:
    document = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "figures": [
            {
                "name": figure.name,
                "value": figure.value,
                "unit": figure.unit,
                "yardstick": figure.yardstick,
                "ratio": figure.ratio,
                "target": figure.target,
                "met": figure.met,
            }
            for figure in figures
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document))


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        _amount(figure.value, figure.unit),
        _amount(figure.yardstick, figure.unit),
        _amount(figure.ratio, "x"),
        _wish(figure),
        {None: "", True: "yes", False: "NO"}[figure.met],
    )


def _wish(figure: Figure) -> str:
    target = figure.target
    if target is None:
        return ""
    unit = "x" if target.of == "ratio" else figure.unit
    return f"{'>=' if target.at_least else '<='} {_amount(target.limit, unit)}"


def _amount(number: float | None, unit: str) -> str:
    if number is None:
        return ""
    digits = 0 if abs(number) >= 1000 else 1 if abs(number) >= 100 else 2
    return f"{number:.{digits}f}{'' if unit == 'x' else ' '}{unit}".rstrip()


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if i in _NUMBERS else cell.ljust(width)
        for i, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()
