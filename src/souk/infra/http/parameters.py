"""Refuses what a route would leave unread: a misspelt filter must not answer with everything."""

from difflib import get_close_matches
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from souk.kernel.errors import Malformed

_SHOWN = 5


class ParameterUnknown(Malformed):
    """The address names parameters that its route does not know."""

    def __init__(self, unknown: list[str], known: list[str]) -> None:
        named = ", ".join(repr(name[:60]) for name in unknown[:_SHOWN])
        takes = f"It takes {', '.join(known)}" if known else "It takes none"
        near = get_close_matches(unknown[0], known, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        super().__init__(
            "parameter_unknown",
            f"This address takes no parameter {named}. {takes}.{hint}",
            unknown=[name[:60] for name in unknown[:_SHOWN]],
            known=known,
        )


class KnownParameters:
    """A guard of the API's routes. Pages have none: links from elsewhere add what they like."""

    def __init__(self) -> None:
        self._known: dict[BaseRouteHandler, frozenset[str]] = {}

    async def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None:
        """Raises Malformed `parameter_unknown`."""
        if not connection.scope["query_string"]:
            return
        known = self._known.get(handler)
        if known is None:
            known = self._known[handler] = _known_to(handler, connection.scope["path_params"])
        unknown = [name for name in connection.query_params.keys() if name not in known]  # noqa: SIM118  # its keys repeat
        if unknown:
            raise ParameterUnknown(list(dict.fromkeys(unknown)), sorted(known))


def _known_to(handler: BaseRouteHandler, path: dict[str, Any]) -> frozenset[str]:
    # of the path's parameters only the names are asked for
    model = handler.create_kwargs_model(path_parameters=dict.fromkeys(path))  # type: ignore[arg-type]
    return frozenset(one.field_alias for one in model.expected_query_params)
