"""Builds the ASGI application from the container."""

import asyncio
import hashlib
import inspect
import warnings
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.config.csrf import CSRFConfig
from litestar.di import Provide
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp

from souk.apps.api.health import ROUTES as HEALTH
from souk.apps.api.openapi import openapi_config, openapi_json
from souk.apps.api.stopping import LET_GO_SIGNAL
from souk.apps.container import Container, build_container
from souk.infra.http.authentication import CSRF_COOKIE, CSRF_HEADER, AuthenticationMiddleware
from souk.infra.http.compression import Compression
from souk.infra.http.dependencies import EDGE_DEPENDENCIES
from souk.infra.http.edge import Edge
from souk.infra.http.errors import exception_handler
from souk.infra.http.limits import RateLimiter
from souk.infra.http.parameters import KnownParameters
from souk.infra.http.requests import JsonRequest
from souk.infra.http.transaction import TransactionMiddleware
from souk.infra.telemetry.logs import set_up_logs

API_ROOT = "/api/v1"


def create_app() -> ASGIApp:
    """What each HTTP process serves; settings come from the environment."""
    # joserfc warns of RFC 9864's newer name for this algorithm, which verifiers hardly know yet.
    warnings.filterwarnings("ignore", message="EdDSA is deprecated")
    container = build_container()
    settings = container.core.settings
    set_up_logs(level=settings.log_level, form=settings.log_format)
    return build_application(container)


def build_application(container: Container) -> ASGIApp:
    """The whole application behind its edge."""
    settings = container.core.settings
    litestar = build_litestar(container)
    return Edge(Compression(litestar), https_only=settings.base_url.startswith("https://"))


def build_litestar(container: Container) -> Litestar:
    """Every wing's routes, with one caller, one transaction and one form of error."""
    core = container.core
    settings = core.settings
    services = _services(container)

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        async with container.opened("http"):
            let_go = container.live.hub.let_go
            asyncio.get_running_loop().add_signal_handler(LET_GO_SIGNAL, let_go)
            yield

    return Litestar(
        route_handlers=[
            Router(
                API_ROOT,
                route_handlers=[_served(parts.routes, services) for parts in container.all_parts],
                guards=[KnownParameters()],
            ),
            *(_served(parts.root_routes, services) for parts in container.all_parts),
            _served(HEALTH, services),
            openapi_json,
        ],
        dependencies=EDGE_DEPENDENCIES,
        middleware=[
            AuthenticationMiddleware(
                authenticator=container.people.callers,
                limiter=RateLimiter(settings.rate_per_minute),
                trusted_proxies=_listed(settings.trusted_proxies),
            ),
            TransactionMiddleware(
                database=core.database,
                sealer=core.keyring,
                max_body_bytes=settings.max_body_bytes,
            ),
        ],
        exception_handlers={Exception: exception_handler(container.error_page)},
        cors_config=_cors(settings.cors_origins),
        csrf_config=CSRFConfig(
            secret=hashlib.sha256(b"csrf" + bytes.fromhex(settings.secret)).hexdigest(),
            cookie_name=CSRF_COOKIE,
            header_name=CSRF_HEADER,
            cookie_secure=settings.base_url.startswith("https://"),
            exclude=["^/api/", "^/a/", "^/d/", "^/ipfs", "^/xet/"],
        ),
        request_class=JsonRequest,
        request_max_body_size=settings.max_body_bytes,
        openapi_config=openapi_config(),
        lifespan=[lifespan],
        logging_config=None,
        debug=False,
    )


def _served(routes: Sequence[Any], services: Mapping[str, Provide]) -> Router:
    """Routes with the services that their handlers ask for, and no others: Litestar compares the
    services of every handler with one another when it starts."""
    handlers = [handler for route in routes for handler in _handlers(route)]
    asked = {name for handler in handlers for name in inspect.signature(handler.fn).parameters}
    return Router(
        "/",
        route_handlers=list(routes),
        dependencies={name: services[name] for name in sorted(asked & services.keys())},
    )


def _handlers(route: Any) -> list[Any]:
    """A handler, or those of a router."""
    if not isinstance(route, Router):
        return [route]
    return [
        handler
        for inner in route.routes
        for handler in (
            inner.route_handlers if isinstance(inner, HTTPRoute) else [inner.route_handler]
        )
    ]


def _services(container: Container) -> dict[str, Provide]:
    core = container.core
    named: dict[str, object] = {
        "database": core.database,
        "keyring": core.keyring,
        "settings": core.settings,
    }
    for parts in container.all_parts:
        named.update(parts.services)
    return {name: _always(service) for name, service in named.items()}


def _always(service: object) -> Provide:
    def provide() -> Any:  # each service has its own type, which handlers name
        return service

    return Provide(provide, sync_to_thread=False)


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _cors(origins: str) -> CORSConfig | None:
    allowed = _listed(origins)
    if not allowed:
        return None
    return CORSConfig(
        allow_origins=allowed,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["authorization", "content-type", "idempotency-key", "range"],
        expose_headers=["x-request-id", "retry-after", "etag", "content-range"],
        allow_credentials=False,
    )
