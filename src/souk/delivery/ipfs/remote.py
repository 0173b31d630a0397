"""Versions that everybody may have, kept by a pinning service elsewhere as well.

What shall be pinned there is a row; the worker takes rows that are due, compares what should be
with what is, and does one step. A worker that dies leaves its rows to another; a pin that was sent
and not noted is found again by the version's id in its `meta`.
"""

from datetime import timedelta
from typing import Any, Final, Literal, TypeVar

import httpx
import msgspec
import structlog

from souk.delivery.ipfs import remote_store
from souk.delivery.ipfs.remote_store import RemoteRow, RemoteState
from souk.delivery.ipfs.rights import Rights
from souk.delivery.ipfs.settings import IpfsSettings
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk_client.contracts.ipfs import Pin, PinState

TOGETHER: Final = 20
LEASE: Final = timedelta(minutes=10)
WATCH: Final = timedelta(seconds=30)
"""How soon an unfinished pin is asked for again."""
CHECK: Final = timedelta(days=1)
"""How often a finished one is."""
LONGEST_PAUSE: Final = timedelta(hours=1)
VERSION: Final = "souk_version"
NOT_FOR_ALL: Final = "Only what is given away is pinned elsewhere."

T = TypeVar("T")
log = structlog.get_logger("souk.ipfs")


class _Status(msgspec.Struct, frozen=True):
    """What the service says of a pin."""

    requestid: str
    status: PinState
    pin: dict[str, Any] = {}  # the service's own JSON
    info: dict[str, Any] = {}  # likewise


class _Results(msgspec.Struct, frozen=True):
    results: list[_Status]


class _Step(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one look at a row."""

    state: RemoteState
    request_id: str | None
    details: str = ""
    helped: bool = True
    again: timedelta | None


class RemotePins:
    """Does what is due, one short exchange with the service at a time."""

    def __init__(
        self, database: Database, *, rights: Rights, settings: IpfsSettings, origin: str
    ) -> None:
        self._database = database
        self._rights = rights
        self._settings = settings
        self._origin = origin

    async def do_due(self) -> int:
        """Looks at the rows that are due; answers how many those were."""
        async with self._database.transaction(SYSTEM) as uow:
            until = uow.now + LEASE
            rows = await remote_store.claim(uow, until=until, limit=TOGETHER)
        if not rows:
            return 0
        async with httpx.AsyncClient(
            base_url=self._settings.remote_endpoint.rstrip("/"),
            headers={"authorization": f"Bearer {self._settings.remote_token}"},
            timeout=self._settings.remote_timeout_s,
        ) as client:
            for row in rows:
                async with self._database.transaction(SYSTEM, read_only=True) as uow:
                    wanted = await self._rights.given_to_all(uow, row.listing_id)
                step = await self._looked(client, row, wanted=wanted)
                async with self._database.transaction(SYSTEM) as uow:
                    await remote_store.note(
                        uow,
                        row.version_id,
                        state=step.state,
                        request_id=step.request_id,
                        details=step.details,
                        helped=step.helped,
                        due_at=None if step.again is None else uow.now + step.again,
                        was_due_at=until,
                    )
        return len(rows)

    async def _looked(self, client: httpx.AsyncClient, row: RemoteRow, *, wanted: bool) -> _Step:
        try:
            return await (self._pinned(client, row) if wanted else self._removed(client, row))
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            log.warning(
                "the pinning service did not help", version=row.version_id, error=str(error)
            )
            pause = min(LONGEST_PAUSE, WATCH * 2 ** min(row.attempts, 10))
            return _Step(
                state=row.state,
                request_id=row.request_id,
                details=f"The pinning service did not help: {_said(error)}.",
                helped=False,
                again=pause,
            )

    async def _pinned(self, client: httpx.AsyncClient, row: RemoteRow) -> _Step:
        found = await self._known(client, row)
        if found is None or found.status == "failed":
            if found is not None and row.state == "failed":  # said so once: try it anew
                await self._delete(client, found.requestid)
                found = None
            if found is None:
                found = await self._sent(client, row)
        details = str(found.info.get("status_details", ""))
        unfinished = found.status in {"queued", "pinning"}
        return _Step(
            state=found.status,
            request_id=found.requestid,
            details=details,
            again=WATCH if unfinished else LONGEST_PAUSE if found.status == "failed" else CHECK,
        )

    async def _removed(self, client: httpx.AsyncClient, row: RemoteRow) -> _Step:
        found = (
            await self._known(client, row) if row.state != "waiting" or row.attempts > 1 else None
        )
        if found is not None:
            await self._delete(client, found.requestid)
        state: Literal["removed", "waiting"] = "removed" if row.state != "waiting" else "waiting"
        return _Step(state=state, request_id=None, details=NOT_FOR_ALL, again=None)

    async def _known(self, client: httpx.AsyncClient, row: RemoteRow) -> _Status | None:
        """The pin as the service has it."""
        if row.request_id is not None:
            answer = await client.get(f"/pins/{row.request_id}")
            if answer.status_code != 404:
                return _read(answer, _Status)
        everything = {"cid": row.cid, "status": "queued,pinning,pinned,failed", "limit": "1000"}
        answer = await client.get("/pins", params=everything)
        for status in _read(answer, _Results).results:
            if (status.pin.get("meta") or {}).get(VERSION) == row.version_id:
                return status
        return None

    async def _sent(self, client: httpx.AsyncClient, row: RemoteRow) -> _Status:
        pin = Pin(
            cid=row.cid,
            name=row.version_id,
            origins=[self._origin],
            meta={VERSION: row.version_id, "souk_listing": row.listing_id},
        )
        body = msgspec.json.encode(pin)
        json = {"content-type": "application/json"}
        return _read(await client.post("/pins", content=body, headers=json), _Status)

    async def _delete(self, client: httpx.AsyncClient, request_id: str) -> None:
        answer = await client.delete(f"/pins/{request_id}")
        if answer.status_code != 404:
            answer.raise_for_status()


def _read(answer: httpx.Response, kind: type[T]) -> T:
    answer.raise_for_status()
    return msgspec.json.decode(answer.content, type=kind)


def _said(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"it answered {error.response.status_code}"
    return "it cannot be reached" if isinstance(error, httpx.HTTPError) else "it spoke unreadably"
