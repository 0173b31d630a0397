"""Fetching pins that are not here: from the gateway that the operator names, one at a time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import httpx
import structlog

from souk.delivery.ipfs import pin_store
from souk.delivery.ipfs.importing import CarImporter
from souk.delivery.ipfs.model import CAR_TYPE
from souk.delivery.ipfs.pin_store import PinRow
from souk.delivery.ipfs.settings import IpfsSettings
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM, Scope
from souk.kernel.errors import NotFound, SoukError
from souk.kernel.paths import path_problem
from souk_client.contracts.ipfs import PinState
from souk_client.proofs.ipfs import read_cid

MAX_ATTEMPTS: Final = 5
FIRST_PAUSE: Final = timedelta(seconds=30)
SLACK: Final = timedelta(minutes=5)
"""How much longer than a fetch may take its pin stays with the worker that took it."""
FOR_GOOD: Final = frozenset({400, 401, 403, 404, 406, 410, 451})
"""Answers that no repeating changes."""

log = structlog.get_logger("souk.ipfs")


class Unreachable(Exception):
    """The gateway cannot give the content now."""


class ContentNotThere(NotFound):
    """The gateway has no such content, or will not give it."""

    def __init__(self, status: int) -> None:
        super().__init__(
            "pin_not_found", f"The gateway that pins are fetched from answered {status}."
        )


class PinFetcher:
    """Brings in what pins wait for."""

    def __init__(
        self, database: Database, *, importer: CarImporter, settings: IpfsSettings
    ) -> None:
        self._database = database
        self._importer = importer
        self._settings = settings

    async def fetch_next(self) -> bool:
        """Fetches one pin that is due; False when there was none."""
        lease = timedelta(seconds=self._settings.fetch_timeout_s) + SLACK
        async with self._database.transaction(SYSTEM) as uow:
            pin = await pin_store.claim(uow, until=uow.now + lease)
        if pin is None:
            return False
        state, details = await self._fetched(pin)
        async with self._database.transaction(SYSTEM) as uow:
            again = uow.now + FIRST_PAUSE * 2**pin.attempts if state == "queued" else None
            await pin_store.note(uow, pin.id, state=state, details=details, due_at=again)
        return True

    async def _fetched(self, pin: PinRow) -> tuple[PinState, str]:
        root, _ = read_cid(pin.root, 0)
        name = pin.name if pin.name and "/" not in pin.name else None
        try:
            async with asyncio.timeout(self._settings.fetch_timeout_s):
                await self._importer.take_in(
                    self._stream(str(root)),
                    scope=Scope(organisation_ids=(pin.organisation_id,), user_id=pin.user_id),
                    organisation_id=pin.organisation_id,
                    filename=None if name is None or path_problem(name) else name,
                    expected=root,
                )
        except SoukError as error:
            return "failed", error.detail
        except (Unreachable, TimeoutError, httpx.HTTPError) as error:
            log.warning("a pin could not be fetched", pin=pin.id, error=str(error))
            if pin.attempts >= MAX_ATTEMPTS:
                return "failed", "The content could not be fetched, often enough tried."
            return "queued", "The content could not be fetched; trying again."
        return "pinned", "The content was fetched and is here."

    async def _stream(self, cid: str) -> AsyncIterator[bytes]:
        url = f"{self._settings.fetch_gateway.rstrip('/')}/ipfs/{cid}"
        asked = {"format": "car", "dag-scope": "all"}
        accept = {"accept": f"{CAR_TYPE}; version=1; order=dfs; dups=n"}
        async with (
            httpx.AsyncClient(timeout=httpx.Timeout(60.0, connect=10.0)) as client,
            client.stream("GET", url, params=asked, headers=accept) as answer,
        ):
            if answer.status_code in FOR_GOOD:
                raise ContentNotThere(answer.status_code)
            if answer.status_code != 200:
                raise Unreachable(f"the gateway answered {answer.status_code}")
            async for piece in answer.aiter_bytes():
                yield piece
