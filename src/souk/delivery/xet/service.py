"""Xet as the rest of the marketplace sees it, and what its routes need."""

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Final

import msgspec
import structlog

from souk.delivery.xet import store
from souk.delivery.xet.intake import XorbIntake
from souk.delivery.xet.registering import Prepared, Progress, Registrar
from souk.delivery.xet.serving import Reader
from souk.delivery.xet.settings import XetSettings
from souk.delivery.xet.tokens import Grant, TokenService
from souk.infra.postgres.uow import UnitOfWork
from souk.infra.waiting import end_tasks
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError, Unavailable
from souk.works.artifacts.api import Artifact, Artifacts

BEAT_S: Final = 5.0
"""How often a line says how far it is: clients give up on a connection that is silent."""

log = structlog.get_logger("souk.xet")


class XetService:
    """Implements `api.Xet`."""

    def __init__(
        self,
        *,
        tokens: TokenService,
        reader: Reader,
        xorbs: XorbIntake,
        registrar: Registrar,
        artifacts: Artifacts,
        settings: XetSettings,
    ) -> None:
        self.tokens = tokens
        self.reader = reader
        self.xorbs = xorbs
        self.registrar = registrar
        self.settings = settings
        self._artifacts = artifacts

    async def file_hash(self, uow: UnitOfWork, sha256: str) -> str | None:
        return (await store.hashes_of(uow, [sha256])).get(sha256)

    async def file_hashes(self, uow: UnitOfWork, sha256s: Collection[str]) -> dict[str, str]:
        return await store.hashes_of(uow, sha256s)

    async def artifacts_of(
        self, uow: UnitOfWork, actor: Actor, sha256s: Collection[str]
    ) -> dict[str, Artifact]:
        found: dict[str, Artifact] = {}
        for organisation_id in actor.memberships:
            found |= await self._artifacts.held(uow, organisation_id, set(sha256s) - found.keys())
        return found

    async def register(self, grant: Grant, prepared: Prepared) -> None:
        """Registers a shard; see `Registrar.register` for what it raises."""
        await self.registrar.register(grant, prepared, Progress())

    async def progress(self, grant: Grant, prepared: Prepared) -> AsyncIterator[bytes]:
        """Registers a shard and says in lines of JSON how far that is, and how it ended."""
        so_far = Progress()
        work = asyncio.create_task(self.registrar.register(grant, prepared, so_far))
        try:
            while not work.done():
                yield _line(
                    type="validating", verified=so_far.read_bytes, total=prepared.size_bytes
                )
                await asyncio.wait([work], timeout=BEAT_S)
            yield _outcome(work)
        finally:
            await end_tasks([work])


def _outcome(work: "asyncio.Task[None]") -> bytes:
    """The last line: clients try again when they may."""
    error = work.exception()
    if error is None:
        return _line(type="result")
    if isinstance(error, SoukError):
        again = isinstance(error, Unavailable)
        return _line(type="error", message=f"{error.code}: {error.detail}", retryable=again)
    log.error("a shard could not be registered", exc_info=error)
    return _line(type="error", message="Something went wrong here.", retryable=True)


def _line(**fields: object) -> bytes:
    return msgspec.json.encode(fields) + b"\n"
