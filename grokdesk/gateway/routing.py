"""Paths to handlers, forgiving what people type as a base URL.

`/v1/x`, `/x`, `/v1/v1/x`, doubled and trailing slashes all mean the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from grokdesk.gateway.dialect import OPENAI, Dialect
from grokdesk.gateway.errors import NO_SUCH_PATH, WRONG_METHOD, HttpError
from grokdesk.gateway.exchange import Handler


@dataclass(frozen=True, slots=True)
class Route:
    """`path` is without `/v1`; one that ends in `/*` takes whatever follows."""

    method: str
    path: str
    handler: Handler
    needs_key: bool = True
    dialect: Dialect = OPENAI


class RouteTable:
    """Exact paths are one look-up; the rest is tidied first."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_path: dict[str, dict[str, Route]] = {}
        for route in routes:
            methods = self._by_path.setdefault(route.path, {})
            methods[route.method] = route
            if route.method == "GET":
                methods.setdefault("HEAD", route)
        self._exact = {
            form: methods
            for path, methods in self._by_path.items()
            if not path.endswith("/*")
            for form in (path, f"/v1{path}")
        }

    def resolve(self, method: str, target: str) -> tuple[Route, str]:
        """The route and what its `*` stands for. Raise HttpError: 404, or 405 with `Allow`."""
        path = target.partition("?")[0]
        tail = ""
        methods = self._exact.get(path)
        if methods is None:
            methods, tail = self._find(_tidy(path))
        route = methods.get(method)
        if route is None:
            allowed = ", ".join(sorted((*methods, "OPTIONS")))
            raise HttpError(
                WRONG_METHOD, f"Use {allowed} for this path.", headers={"Allow": allowed}
            )
        return route, tail

    def _find(self, path: str) -> tuple[dict[str, Route], str]:
        methods = self._by_path.get(path)
        if methods is not None:
            return methods, ""
        head, _, tail = path[1:].partition("/")
        methods = self._by_path.get(f"/{head}/*") if tail else None
        if methods is not None:
            return methods, tail
        known = ", ".join(f"/v1{path}" for path in self._by_path if self._needs_key(path))
        raise HttpError(NO_SUCH_PATH, f"There is no such path. Known are: {known}.")

    def _needs_key(self, path: str) -> bool:
        return any(route.needs_key for route in self._by_path[path].values())


def _tidy(path: str) -> str:
    segments = [segment for segment in unquote(path).split("/") if segment]
    while segments and segments[0] == "v1":
        segments.pop(0)
    return "/" + "/".join(segments)
