"""The pytest processes: the core without Qt, the windows offscreen, and what waits beside them."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from devtool import locks, system
from devtool.console import ROOT, Beside, run, say

_ENV = {"LC_ALL": "C.UTF-8"}  # Qt warns about the C locale, and a warning fails a test
_BESIDE = {
    "whole programs": ("tests/e2e",),
    "the gateway and its faults": ("tests/gateway", "tests/faults"),
}
"""They wait more than they compute, for other programs, sockets and limits of time."""
_ALONE = ("-m", "alone")
_NOT_ALONE = ("-m", "not alone")
_NO_TESTS_COLLECTED = 5


def run_tests(arguments: Sequence[str]) -> int:
    """All processes always run; with paths among the arguments, the ones that are meant."""
    python = locks.ensure("dev")
    _install_system_packages()
    without_qt = system.missing({**system.QT, **system.X11})
    if not arguments:
        codes = _run_all(python, with_windows=not without_qt)
        _tell_what_was_left_out(without_qt)
        return _worst(codes, selective=False)
    core_paths, ui_paths, options = _sort(arguments)
    codes = []
    if core_paths or not ui_paths:
        codes.append(_core(python, [*core_paths, *options]))
    if (ui_paths or not core_paths) and not without_qt:
        codes.append(_windows(python, [*(ui_paths or ["tests/ui"]), *options]))
    _tell_what_was_left_out(without_qt)
    return _worst(codes, selective=bool(options))


def _run_all(python: Path, *, with_windows: bool) -> list[int]:
    """Several processes at a time, then alone what measures time, processor or memory."""
    with contextlib.ExitStack() as ending:
        beside = {
            name: ending.enter_context(_beside(python, paths)) for name, paths in _BESIDE.items()
        }
        say(f"{' and '.join(beside)} run meanwhile; what they say comes later")
        ignored = [f"--ignore={path}" for paths in _BESIDE.values() for path in paths]
        codes = [_core(python, [*_NOT_ALONE, *ignored])]
        if with_windows:
            codes.append(_windows(python, [*_NOT_ALONE, "tests/ui"]))
        for name, process in beside.items():
            say(f"Tests of {name}")
            codes.append(process.end())
    say("What measures runs alone")
    codes.append(_core(python, _ALONE))
    if with_windows:
        codes.append(_windows(python, [*_ALONE, "tests/ui"]))
    return codes


def _beside(python: Path, paths: Sequence[str]) -> Beside:
    command = [python, "-m", "pytest", "-p", "no:cacheprovider", *_NOT_ALONE, *paths]
    return Beside(command, extra_env=_ENV)


def _core(python: Path, arguments: Sequence[str]) -> int:
    say("Core tests")
    return run([python, "-m", "pytest", *arguments], extra_env=_ENV)


def _windows(python: Path, arguments: Sequence[str]) -> int:
    say("Window tests")
    return run(
        [python, "-m", "pytest", "-c", "tests/ui/pytest.ini", *arguments],
        extra_env={**_ENV, "QT_QPA_PLATFORM": "offscreen"},
    )


def _install_system_packages() -> None:
    packages = system.missing({**system.QT, **system.X11, **system.TEST_TOOLS})
    if packages and system.can_install():
        system.install(packages, "the tests")


def _tell_what_was_left_out(without_qt: Sequence[str]) -> None:
    if without_qt:
        say(f"NOT RUN: tests/ui, since Qt lacks libraries. {system.how_to_install(without_qt)}")
    if tools := system.missing(system.TEST_TOOLS):
        say(f"Tests that need other programs skipped themselves. {system.how_to_install(tools)}")


def _sort(arguments: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    core, windows, options = [], [], []
    for argument in arguments:
        if not is_path(argument):
            options.append(argument)
        elif Path(argument).parts[:2] == ("tests", "ui"):
            windows.append(argument)
        else:
            core.append(argument)
    return core, windows, options


def is_path(argument: str) -> bool:
    return not argument.startswith("-") and (ROOT / argument.partition("::")[0]).exists()


def _worst(codes: Sequence[int], *, selective: bool) -> int:
    """`-k something` may match in one process only: that is no failure unless none matched."""
    if selective and any(code == 0 for code in codes):
        codes = [code for code in codes if code != _NO_TESTS_COLLECTED]
    return next((code for code in codes if code), 0)
