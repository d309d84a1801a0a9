"""Paths to handlers, forgiving what people type as a base URL.

`/v1/x`, `/x`, `/v1/v1/x`, doubled and trailing slashes all mean the same.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from grokdesk.gateway.dialect import OPENAI, Dialect
from grokdesk.gateway.errors import NO_SUCH_PATH, WRONG_METHOD, HttpError
from grokdesk.gateway.exchange import Exchange, Handler

KeyRule = Callable[[Exchange], bool]
"""Whether a request needs a key. It may refuse the request altogether."""

_Methods = dict[str, "Route"]

_OF_ANY_PATH = ("GET", "HEAD", "OPTIONS", "POST")

_UNVERSIONED = frozenset({"/", "/health", "/metrics", "/openapi.json"})
_UNVERSIONED_TREE = "/api/"


@dataclass(frozen=True, slots=True)
class Route:
    """`path` is without `/v1`, with at most one `*`: at its end for whatever follows, else for one
    segment. A `dialect` of None is that of whoever asks. A route that is not `served` only says
    so.
    """

    method: str
    path: str
    handler: Handler
    needs_key: bool = True
    dialect: Dialect | None = OPENAI
    served: bool = True
    key_rule: KeyRule | None = None
    """Instead of `needs_key`, where it depends."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    start: str
    end: str
    methods: _Methods

    def tail_of(self, path: str) -> str:
        """What the `*` stands for; nothing when the path is another one."""
        if not (path.startswith(self.start) and path.endswith(self.end)):
            return ""
        tail = path[len(self.start) : len(path) - len(self.end)]
        return "" if self.end and "/" in tail else tail


class RouteTable:
    """Exact paths are one look-up; the rest is tidied first."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_path: dict[str, _Methods] = {}
        for route in routes:
            methods = self._by_path.setdefault(route.path, {})
            methods[route.method] = route
            if route.method == "GET":
                methods.setdefault("HEAD", route)
        self._exact = {
            form: methods
            for path, methods in self._by_path.items()
            if "*" not in path
            for form in (path, f"/v1{path}")
        }
        self._patterns: dict[str, list[_Pattern]] = {}
        # `/x/*/y` goes before `/x/*`, which would take it, too.
        for path in sorted(set(self._by_path) - set(self._exact), key=_is_open):
            start, _, end = path.partition("*")
            pattern = _Pattern(start, end, self._by_path[path])
            self._patterns.setdefault(_first_segment(path), []).append(pattern)

    def resolve(self, method: str, target: str) -> tuple[Route, str]:
        """The route and what its `*` stands for. Raise HttpError: 404, or 405 with `Allow`."""
        methods, tail = self._look_up(target)
        if methods is None:
            raise HttpError(NO_SUCH_PATH, self._advice)
        route = methods.get(method)
        if route is None:
            allowed = ", ".join(_allowed(methods))
            raise HttpError(
                WRONG_METHOD, f"Use {allowed} for this path.", headers={"Allow": allowed}
            )
        return route, tail

    def methods(self, target: str) -> tuple[str, ...]:
        """For a preflight; an unknown path may be asked for, if only to hear so."""
        methods, _ = self._look_up(target)
        return _allowed(methods) if methods else _OF_ANY_PATH

    def _look_up(self, target: str) -> tuple[_Methods | None, str]:
        path = target.partition("?")[0]
        methods = self._exact.get(path)
        if methods is not None:
            return methods, ""
        path = _tidy(path)
        methods = self._exact.get(path)
        if methods is not None:
            return methods, ""
        for pattern in self._patterns.get(_first_segment(path), ()):
            tail = pattern.tail_of(path)
            if tail:
                return pattern.methods, tail
        return None, ""

    @property
    def _advice(self) -> str:
        known = ", ".join(usual_path(path) for path in self._by_path if self._is_offered(path))
        return f"There is no such path. Known are: {known}."

    def _is_offered(self, path: str) -> bool:
        return any(route.needs_key and route.served for route in self._by_path[path].values())


def usual_path(path: str) -> str:
    """Of a route, as its clients write it."""
    return path if path in _UNVERSIONED or path.startswith(_UNVERSIONED_TREE) else f"/v1{path}"


def _first_segment(path: str) -> str:
    return path[1:].partition("/")[0]


def _is_open(path: str) -> bool:
    return path.endswith("*")


def _allowed(methods: _Methods) -> tuple[str, ...]:
    """Those that are refused only where there is nothing better."""
    served = [method for method, route in methods.items() if route.served]
    return (*sorted({*(served or methods), "OPTIONS"}),)


def _tidy(path: str) -> str:
    segments = [segment for segment in unquote(path).split("/") if segment]
    while segments and segments[0] == "v1":
        segments.pop(0)
    return "/" + "/".join(segments)
