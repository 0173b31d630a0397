"""HTTP: uploads, artifacts, the quarantine."""

from collections.abc import AsyncIterator
from typing import Annotated

from litestar import Request, get, post, put
from litestar.exceptions import HTTPException
from litestar.params import Parameter

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import DEFAULT_LIMIT, MAX_LIMIT
from souk.works.artifacts.errors import PartInterrupted
from souk.works.artifacts.service import ArtifactService
from souk.works.artifacts.uploads import UploadService
from souk_client.contracts.base import PageAnswer
from souk_client.contracts.works import (
    Artifact,
    PartReceived,
    ReleaseRequest,
    Upload,
    UploadRequest,
)

Limit = Annotated[int, Parameter(ge=1, le=MAX_LIMIT)]
_TAGS = ["works"]
_OVER = {"problems": {410: "The upload has ended; begin a new one."}}


@post("/uploads", tags=_TAGS)
async def begin_upload(
    data: UploadRequest, uow: UnitOfWork, actor: Actor, uploads: UploadService
) -> Upload:
    """Announces a file; the answer says how to cut it into parts.

    Complete at once, with its artifact, when the organisation has sent these bytes before.
    """
    return await uploads.begin(uow, actor, data)


@get("/uploads/{upload_id:str}", tags=_TAGS)
async def get_upload(
    upload_id: str, uow: UnitOfWork, actor: Actor, uploads: UploadService
) -> Upload:
    """How far an upload is: ask this before resuming it."""
    return await uploads.show(uow, actor, upload_id)


@put(
    "/uploads/{upload_id:str}/parts/{number:int}",
    tags=_TAGS,
    opt={"transaction": "own", "raw_body": True, **_OVER},
    request_max_body_size=None,
)
async def put_part(
    upload_id: str,
    number: int,
    request: Request,  # type: ignore[type-arg]  # only its body is used
    actor: Actor,
    uploads: UploadService,
) -> PartReceived:
    """One part as the raw body, in any order and in parallel; durable when this answers.

    The same bytes again are fine, others are refused. A part that breaks off is not received.
    """
    actor.require_user()
    stream = _body_of(request, number)
    return await uploads.receive(actor, upload_id, number=number, stream=stream)


@post(
    "/uploads/{upload_id:str}/complete",
    tags=_TAGS,
    opt={"transaction": "own", **_OVER},
    status_code=200,
)
async def complete_upload(upload_id: str, actor: Actor, uploads: UploadService) -> Artifact:
    """Checks length and hash and makes the file an artifact. May be repeated after any failure."""
    return await uploads.complete(actor, upload_id)


@get("/artifacts/{sha256:str}", tags=_TAGS)
async def get_artifact(sha256: str, uow: UnitOfWork, artifacts: ArtifactService) -> Artifact:
    """An artifact that is public or that the caller's organisation holds, and its scan."""
    return await artifacts.get(uow, sha256)


@get("/quarantine", tags=["moderation"])
async def list_quarantine(
    uow: UnitOfWork,
    actor: Actor,
    artifacts: ArtifactService,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[Artifact]:
    """What the safety scan kept back, and why. Admins only."""
    page = await artifacts.quarantine(uow, actor, cursor=cursor, limit=limit)
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@post("/quarantine/{sha256:str}/release", tags=["moderation"], status_code=200)
async def release_from_quarantine(
    sha256: str, data: ReleaseRequest, uow: UnitOfWork, actor: Actor, artifacts: ArtifactService
) -> Artifact:
    """Lets a quarantined artifact through, with the reason on record. Admins only."""
    return await artifacts.release(uow, actor, sha256, reason=data.reason)


async def _body_of(
    request: Request,  # type: ignore[type-arg]  # only its body is used
    number: int,
) -> AsyncIterator[bytes]:
    """The body as it arrives; a caller who hangs up is no fault of the server."""
    try:
        async for chunk in request.stream():
            yield chunk
    except HTTPException as error:
        raise PartInterrupted(number) from error


ROUTES = [
    begin_upload,
    get_upload,
    put_part,
    complete_upload,
    get_artifact,
    list_quarantine,
    release_from_quarantine,
]
