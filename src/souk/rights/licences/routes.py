"""HTTP: licences, their uses and seats, the signed file and the evidence bundle."""

from typing import Annotated, Literal

from litestar import Response, delete, get, post
from litestar.params import Parameter, QueryParameter

from souk.infra.http.paging import Limit
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import DEFAULT_LIMIT
from souk.rights.licences.access import require_revoker, require_user_of
from souk.rights.licences.evidence import EvidenceService
from souk.rights.licences.seats import SeatService
from souk.rights.licences.service import LicenceService
from souk_client.contracts.base import PageAnswer
from souk_client.contracts.rights import (
    Licence,
    LicenceCheck,
    LicenceUse,
    RevokeRequest,
    Seat,
    SeatRequest,
)
from souk_client.proofs import MEDIA_TYPE, SUFFIX

Side = Annotated[
    Literal["licensee", "licensor"],
    QueryParameter(name="as", description="licences you hold, or licences you gave"),
]


Version = Annotated[
    str | None,
    Parameter(max_length=64, description="a later version that the licence covers as well"),
]


@get("/licences", tags=["rights"])
async def list_licences(
    uow: UnitOfWork,
    actor: Actor,
    licences: LicenceService,
    side: Side = "licensee",
    organisation_id: str | None = None,
    listing_id: str | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[Licence]:
    """The licences of the caller's organisations (or of the one named), newest first."""
    actor.require_user()
    mine = list(actor.memberships)
    page = await licences.list(
        uow,
        organisation_ids=mine if organisation_id is None else [actor.acting_for(organisation_id)],
        side=side,
        listing_id=listing_id,
        cursor=cursor,
        limit=limit,
    )
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@get("/licences/{licence_id:str}", tags=["rights"])
async def get_licence(
    licence_id: str, uow: UnitOfWork, actor: Actor, licences: LicenceService
) -> Licence:
    """A licence that the caller's organisation holds or gave."""
    actor.require_user()
    return await licences.get(uow, licence_id)


@get("/licences/{licence_id:str}/check", tags=["rights"])
async def check_licence(
    licence_id: str, uow: UnitOfWork, actor: Actor, licences: LicenceService
) -> LicenceCheck:
    """Whether the licence is good now, and if not why.

    To members of the holder's organisation a licence with seats is good only when they have one.
    """
    user_id = actor.require_user()
    licence = await licences.get(uow, licence_id)
    asks_for_self = actor.belongs_to(licence.licensee.id) and not actor.is_admin
    return await licences.check(uow, licence_id, user_id=user_id if asks_for_self else None)


@get("/licences/{licence_id:str}/file", tags=["rights"], media_type=MEDIA_TYPE)
async def get_licence_file(
    licence_id: str,
    uow: UnitOfWork,
    actor: Actor,
    evidence: EvidenceService,
    version: Version = None,
) -> Response[bytes]:
    """The signed licence file: a compact JWS (EdDSA) that verifies with no server."""
    actor.require_user()
    text = await evidence.signed_file(uow, licence_id, version=version)
    return _download(text.encode(), f"{licence_id}.jws", media_type=MEDIA_TYPE)


@get("/licences/{licence_id:str}/bundle", tags=["rights"])
async def get_bundle(
    licence_id: str,
    uow: UnitOfWork,
    actor: Actor,
    evidence: EvidenceService,
    version: Version = None,
) -> Response[bytes]:
    """The evidence bundle: licence file, log entry, inclusion proof, signed head and keys.

    Within a second after a sale it answers 409 `proof_pending`; come back after `retry_after_s`.
    """
    actor.require_user()
    data = await evidence.bundle(uow, licence_id, version=version)
    return _download(data, f"{licence_id}{SUFFIX}", media_type="application/json")


@post("/licences/{licence_id:str}/uses", tags=["rights"], status_code=200)
async def use_licence(
    licence_id: str, data: LicenceUse, uow: UnitOfWork, actor: Actor, licences: LicenceService
) -> LicenceCheck:
    """Takes uses from a counted licence, all or none."""
    require_user_of(actor, await licences.get(uow, licence_id))
    return await licences.use(uow, licence_id, uses=data.uses)


@get("/licences/{licence_id:str}/seats", tags=["rights"])
async def list_seats(
    licence_id: str, uow: UnitOfWork, actor: Actor, seats: SeatService
) -> PageAnswer[Seat]:
    """Who sits on the licence's seats."""
    actor.require_user()
    return PageAnswer(items=await seats.list(uow, licence_id))


@post("/licences/{licence_id:str}/seats", tags=["rights"])
async def give_seat(
    licence_id: str, data: SeatRequest, uow: UnitOfWork, actor: Actor, seats: SeatService
) -> Seat:
    """Seats a member of the holder's organisation; managers only."""
    return await seats.give(uow, actor, licence_id, data.user_id)


@delete("/licences/{licence_id:str}/seats/{user_id:str}", tags=["rights"])
async def free_seat(
    licence_id: str, user_id: str, uow: UnitOfWork, actor: Actor, seats: SeatService
) -> None:
    """Takes a seat back; everybody may give up their own."""
    await seats.free(uow, actor, licence_id, user_id)


@post("/licences/{licence_id:str}/revoke", tags=["rights"], status_code=200)
async def revoke_licence(
    licence_id: str, data: RevokeRequest, uow: UnitOfWork, actor: Actor, licences: LicenceService
) -> Licence:
    """Ends the licence for good; managers of the seller's organisation and admins only."""
    require_revoker(actor, await licences.get(uow, licence_id))
    return await licences.revoke(uow, licence_id, reason=data.reason)


def _download(data: bytes, filename: str, *, media_type: str) -> Response[bytes]:
    headers = {"content-disposition": f'attachment; filename="{filename}"'}
    return Response(content=data, media_type=media_type, headers=headers)


ROUTES = [
    list_licences,
    get_licence,
    check_licence,
    get_licence_file,
    get_bundle,
    use_licence,
    list_seats,
    give_seat,
    free_seat,
    revoke_licence,
]
