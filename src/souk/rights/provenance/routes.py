"""HTTP: the public log, its proofs and heads, and the keys that verify them."""

from typing import Annotated

from litestar import MediaType, Response, get, post
from litestar.params import Parameter

from souk.infra.http.paging import Limit
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import DEFAULT_LIMIT
from souk.rights.provenance.noting import NotingService
from souk.rights.provenance.service import ProvenanceService
from souk_client.contracts.base import Answer, PageAnswer
from souk_client.contracts.rights import (
    ConsistencyProof,
    EntryKind,
    EventsAppended,
    EventsRequest,
    HashOwnership,
    InclusionProof,
    ProvenanceEntry,
    TreeHead,
)
from souk_client.proofs import PublicKey

Size = Annotated[int, Parameter(ge=1, le=2**62, description="how many entries")]
MaybeSize = Annotated[int | None, Parameter(ge=1, le=2**62, description="how many entries")]
_HEAD = {"problems": {404: "The log has no entries yet."}}
FileHash = Annotated[str, Parameter(pattern="^[0-9a-f]{64}$", description="SHA-256, 64 hex digits")]


class PublishedKeys(Answer, frozen=True, kw_only=True):
    """A JWK Set (RFC 7517) that says whose it is; each key names its purpose."""

    origin: str
    """The log's name in its heads, and the issuer of licences."""
    keys: list[PublicKey]


@get("/provenance/log", tags=["rights"])
async def get_log(
    uow: UnitOfWork,
    provenance: ProvenanceService,
    kind: EntryKind | None = None,
    listing_id: str | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[ProvenanceEntry]:
    """Entries of the public log, newest first."""
    page = await provenance.entries(
        uow, kind=kind, listing_id=listing_id, cursor=cursor, limit=limit
    )
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@get("/provenance/entries/{entry_id:str}", tags=["rights"])
async def get_entry(
    entry_id: str, uow: UnitOfWork, provenance: ProvenanceService
) -> ProvenanceEntry:
    """One entry of the log."""
    return await provenance.entry(uow, entry_id)


@get("/provenance/entries/{entry_id:str}/proof", tags=["rights"])
async def get_proof(
    entry_id: str, uow: UnitOfWork, provenance: ProvenanceService
) -> InclusionProof:
    """That the newest signed head covers the entry (RFC 9162 section 2.1.3).

    Within a second after the entry it answers 409 `proof_pending`; come back after `retry_after_s`.
    """
    return await provenance.proof(uow, entry_id)


@post("/provenance/events", tags=["rights"], opt={"idempotency": "required", "cost": 2.0})
async def append_events(
    data: EventsRequest, uow: UnitOfWork, actor: Actor, noting: NotingService
) -> EventsAppended:
    """Appends events of the caller's published works, as their seller tells them; all or none.

    Up to 1,000 in one request. They are public, and stay for good: name nobody in them.
    """
    return EventsAppended(entry_ids=await noting.note(uow, actor, data.events))


@get("/provenance/head", tags=["rights"], opt=_HEAD)
async def get_head(uow: UnitOfWork, provenance: ProvenanceService) -> TreeHead:
    """The newest signed head."""
    return await provenance.head(uow)


@get("/provenance/checkpoint", tags=["rights"], media_type=MediaType.TEXT, opt=_HEAD)
async def get_checkpoint(uow: UnitOfWork, provenance: ProvenanceService) -> Response[str]:
    """The newest head as a signed note (C2SP tlog-checkpoint), for monitors and witnesses."""
    head = await provenance.head(uow)
    return Response(content=head.checkpoint, media_type=MediaType.TEXT)


@get("/provenance/consistency", tags=["rights"], opt=_HEAD)
async def get_consistency(
    uow: UnitOfWork, provenance: ProvenanceService, first: Size, second: MaybeSize = None
) -> ConsistencyProof:
    """That the log only grew between two sizes (RFC 9162 section 2.1.4).

    `second` has to be the size of a signed head; it is the newest one when left out.
    """
    return await provenance.consistency(uow, first, second)


@get("/provenance/by-hash/{sha256:str}", tags=["rights"])
async def get_by_hash(
    sha256: FileHash, uow: UnitOfWork, provenance: ProvenanceService
) -> HashOwnership:
    """Who published these bytes first, and what happened to the works that hold them."""
    return await provenance.by_hash(uow, sha256)


@get("/.well-known/souk-keys.json", tags=["rights"])
async def get_published_keys(uow: UnitOfWork, provenance: ProvenanceService) -> PublishedKeys:
    """The keys that verify licence files and heads of the log. Keep them to verify offline."""
    published = await provenance.published_keys(uow)
    return PublishedKeys(origin=published.origin, keys=list(published.keys))


ROUTES = [
    get_log,
    get_entry,
    get_proof,
    append_events,
    get_head,
    get_checkpoint,
    get_consistency,
    get_by_hash,
]
WELL_KNOWN = [get_published_keys]
