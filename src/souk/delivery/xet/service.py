"""Xet as the rest of the marketplace sees it, and what its routes need."""

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Final

import msgspec
import structlog

from souk.delivery.xet import store
from souk.delivery.xet.intake import XorbIntake
from souk.delivery.xet.registering import Prepared, Registrar
from souk.delivery.xet.serving import Reader
from souk.delivery.xet.settings import XetSettings
from souk.delivery.xet.tokens import Grant, TokenService
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.works.artifacts.api import Artifact, Artifacts

BEAT_BYTES: Final = 64 * 2**20
"""How much of a file is read between two lines that say how far it is."""

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

    async def artifact_of(self, uow: UnitOfWork, actor: Actor, sha256: str) -> Artifact | None:
        for organisation_id in actor.memberships:
            held = await self._artifacts.held(uow, organisation_id, [sha256])
            if held:
                return held[sha256]
        return None

    async def progress(self, grant: Grant, prepared: Prepared) -> AsyncIterator[bytes]:
        """Registers a shard and says in lines of JSON how far that is, and how it ended."""
        told = 0
        total = prepared.size_bytes
        yield _line(type="validating", verified=0, total=total)
        try:
            async for read in self.registrar.register(grant, prepared):
                if read - told >= BEAT_BYTES:
                    told = read
                    yield _line(type="validating", verified=read, total=total)
        except SoukError as error:
            yield _line(type="error", message=f"{error.code}: {error.detail}", retryable=False)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("a shard could not be registered")
            yield _line(type="error", message="Something went wrong here.", retryable=True)
        else:
            yield _line(type="result")


def _line(**fields: object) -> bytes:
    return msgspec.json.encode(fields) + b"\n"
