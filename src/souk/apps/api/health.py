"""Whether the process lives, whether it can serve, and its metrics."""

import asyncio
from typing import Final

from litestar import MediaType, Response, get

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import PUBLIC
from souk.infra.telemetry.metrics import render_metrics
from souk.kernel.errors import Unavailable

READY_LIMIT_S: Final = 2.0


@get("/health/live", tags=["system"], opt={"transaction": "own"})
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@get("/health/ready", tags=["system"], opt={"transaction": "own"})
async def ready(database: Database) -> dict[str, str]:
    """The process can serve: its database answers and has a schema."""
    try:
        async with (
            asyncio.timeout(READY_LIMIT_S),
            database.transaction(PUBLIC, read_only=True) as uow,
        ):
            revision = await uow.value("SELECT version_num FROM souk.schema_version")
    except Exception as error:
        raise Unavailable(
            "not_ready", "The database does not answer yet.", retry_after_s=1
        ) from error
    return {"status": "ready", "schema": str(revision)}


@get("/metrics", tags=["system"], media_type=MediaType.TEXT, opt={"transaction": "own"})
async def metrics() -> Response[bytes]:
    """Metrics in Prometheus' text format."""
    return Response(render_metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")


ROUTES = [live, ready, metrics]
