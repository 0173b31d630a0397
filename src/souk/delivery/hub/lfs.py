"""Large files by Git LFS: announced in batches, sent to signed addresses in one piece or in parts.

Source: the Git LFS batch API, and the multipart transfer as huggingface_hub speaks it: the header
of an upload's action holds `chunk_size` and one address for each part, by its number.
"""

from collections.abc import AsyncIterable
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec

from souk.delivery.hub.settings import HubSettings
from souk.delivery.hub.tickets import UploadTicket, UploadTickets
from souk.delivery.hub.wire import LfsAction, LfsBatch, LfsError, LfsObject
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, SoukError, Unavailable
from souk.works.artifacts.api import Artifact, Artifacts, Uploads
from souk.works.listings.api import ManagedListing
from souk_client.contracts.works import UploadRequest

RETRY_S: Final = 1


class WantedObject(msgspec.Struct, frozen=True):
    """A large file that a client wants to send."""

    oid: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    size: Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class LfsRequest(msgspec.Struct, frozen=True):
    """A batch of them."""

    operation: str
    objects: list[WantedObject]
    transfers: list[str] = []
    hash_algo: str = "sha256"


class LargeFiles:
    """Takes large files in."""

    def __init__(
        self,
        database: Database,
        *,
        artifacts: Artifacts,
        uploads: Uploads,
        tickets: UploadTickets,
        settings: HubSettings,
        base_url: str,
    ) -> None:
        self._database = database
        self._artifacts = artifacts
        self._uploads = uploads
        self._tickets = tickets
        self._settings = settings
        self._base_url = base_url

    async def announce(
        self, uow: UnitOfWork, actor: Actor, listing: ManagedListing, request: LfsRequest
    ) -> LfsBatch:
        """What to do with each file: nothing when it is there, or where to send it."""
        held = await self._artifacts.held(
            uow, listing.organisation_id, [wanted.oid for wanted in request.objects]
        )
        parts = "multipart" in request.transfers
        expires_at = uow.now + timedelta(seconds=self._settings.upload_address_s)
        objects = []
        for wanted in {wanted.oid: wanted for wanted in request.objects}.values():
            there = held.get(wanted.oid)
            if there is not None:
                objects.append(_there(wanted, there))
                continue
            ticket = UploadTicket(
                user_id=listing.user_id,
                organisation_id=listing.organisation_id,
                sha256=wanted.oid,
                size_bytes=wanted.size,
                expires_at=int(expires_at.timestamp()),
            )
            try:
                action = await self._action(uow, actor, ticket, expires_at, parts=parts)
            except SoukError as error:
                objects.append(_failed(wanted, error))
            else:
                objects.append(
                    LfsObject(
                        oid=wanted.oid,
                        size=wanted.size,
                        authenticated=True,
                        actions={"upload": action},
                    )
                )
        return LfsBatch(
            transfer="multipart" if parts else "basic", objects=objects, hash_algo="sha256"
        )

    async def _action(
        self,
        uow: UnitOfWork,
        actor: Actor,
        ticket: UploadTicket,
        expires_at: datetime,
        *,
        parts: bool,
    ) -> LfsAction:
        part_size = self._settings.part_size_bytes
        if not parts or ticket.size_bytes <= part_size:
            return LfsAction(href=await self._address(ticket), expires_at=expires_at)
        upload = await self._uploads.begin(uow, actor, _request(ticket), part_size_bytes=part_size)
        of_upload = msgspec.structs.replace(ticket, upload_id=upload.id)
        header = {"chunk_size": str(upload.part_size_bytes)}
        for number in range(1, upload.part_count + 1):
            header[str(number)] = await self._address(
                msgspec.structs.replace(of_upload, part=number)
            )
        return LfsAction(href=await self._address(of_upload), header=header, expires_at=expires_at)

    async def _address(self, ticket: UploadTicket) -> str:
        return f"{self._base_url}/api/hub/uploads/{await self._tickets.sign(ticket)}"

    async def put(self, ticket: UploadTicket, stream: AsyncIterable[bytes]) -> str:
        """Takes a part, or a whole file; answers the tag that the completing request repeats.

        Raises:
            As `Uploads.begin`, `receive` and `complete`; Unavailable `part_under_way` for a part
            that arrives on another connection, which clients try again.
        """
        actor = ticket.actor()
        if ticket.upload_id:
            await self._receive(actor, ticket.upload_id, ticket.part, stream)
            return f"{ticket.part}"
        async with self._database.transaction(scope_of(actor)) as uow:
            upload = await self._uploads.begin(
                uow, actor, _request(ticket), part_size_bytes=self._settings.part_size_bytes
            )
        if upload.state == "open":
            if upload.part_count:
                await self._receive(actor, upload.id, 1, stream)
            await self._complete(actor, upload.id)
        return ticket.sha256

    async def complete(self, ticket: UploadTicket) -> Artifact:
        """Ends an upload in parts. May be repeated after any failure.

        Raises:
            As `Uploads.complete`; Unavailable `completion_under_way`, which clients try again.
        """
        return await self._complete(ticket.actor(), ticket.upload_id)

    async def _receive(
        self, actor: Actor, upload_id: str, number: int, stream: AsyncIterable[bytes]
    ) -> None:
        try:
            await self._uploads.receive(actor, upload_id, number=number, stream=stream)
        except Conflict as error:
            raise _again(error, "part_under_way") from error

    async def _complete(self, actor: Actor, upload_id: str) -> Artifact:
        try:
            return await self._uploads.complete(actor, upload_id)
        except Conflict as error:
            raise _again(error, "completion_under_way") from error


def _request(ticket: UploadTicket) -> UploadRequest:
    """The upload of a ticket. The file's own name comes with the commit: several may hold it."""
    return UploadRequest(
        filename=ticket.sha256,
        size_bytes=ticket.size_bytes,
        sha256=ticket.sha256,
        organisation_id=ticket.organisation_id,
    )


def _there(wanted: WantedObject, artifact: Artifact) -> LfsObject:
    if artifact.size_bytes != wanted.size:
        message = f"The content of this hash has {artifact.size_bytes} bytes."
        return LfsObject(
            oid=wanted.oid, size=wanted.size, error=LfsError(code=422, message=message)
        )
    return LfsObject(oid=wanted.oid, size=wanted.size)


def _failed(wanted: WantedObject, error: SoukError) -> LfsObject:
    return LfsObject(
        oid=wanted.oid,
        size=wanted.size,
        error=LfsError(code=error.status, message=error.detail),
    )


def _again(error: Conflict, code: str) -> SoukError:
    """A conflict that is over in a moment, as clients expect it: they repeat after a 503."""
    if error.code != code:
        return error
    return Unavailable(code, error.detail, retry_after_s=RETRY_S)
