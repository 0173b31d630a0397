"""HTTP: marked copies, and tracing a file back to a licence."""

from litestar import get, post

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.rights.protection.marking.service import MarkingService
from souk_client.contracts.base import PageAnswer
from souk_client.contracts.protection import MarkedCopy, MarkedCopyRequest, Trace, TraceRequest


@post("/licences/{licence_id:str}/marked-copies", tags=["protection"], status_code=200)
async def make_marked_copy(
    licence_id: str,
    uow: UnitOfWork,
    actor: Actor,
    marking: MarkingService,
    data: MarkedCopyRequest,
) -> MarkedCopy:
    """A copy of a file with the licence's id in its metadata and a fingerprint in its weights.

    Its hash differs from the published one; the signed statement ties both together.
    """
    return await marking.make(uow, actor, licence_id, path=data.path)


@get("/licences/{licence_id:str}/marked-copies", tags=["protection"])
async def list_marked_copies(
    licence_id: str, uow: UnitOfWork, actor: Actor, marking: MarkingService
) -> PageAnswer[MarkedCopy]:
    """A licence's marked copies, for both of its parties."""
    return PageAnswer(items=await marking.of_licence(uow, actor, licence_id))


@post("/listings/{listing_id:str}/traces", tags=["protection"], status_code=200)
async def trace_file(
    listing_id: str, uow: UnitOfWork, actor: Actor, marking: MarkingService, data: TraceRequest
) -> Trace:
    """Which licence's marked copy a file was made from, with how sure that is."""
    return await marking.trace(
        uow, actor, listing_id, sha256=data.sha256, source_sha256=data.source_sha256
    )


ROUTES = [make_marked_copy, list_marked_copies, trace_file]
