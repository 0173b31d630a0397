"""HTTP: large files by Git LFS: announcing them, and their bytes at signed addresses."""

from typing import Any

from litestar import Response, post, put

from souk.delivery.hub.desk import Desk
from souk.delivery.hub.http import FILE_COST, HubRequest, body_of, read_json, type_at
from souk.delivery.hub.lfs import LargeFiles, LfsRequest
from souk.delivery.hub.settings import HubSettings
from souk.delivery.hub.tickets import UploadTickets
from souk.delivery.hub.wire import Done, LfsBatch
from souk.infra.http.dependencies import Service
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.clock import Clock
from souk.kernel.errors import Invalid
from souk.works.listings.api import Listings

TAGS = ["hub"]
_STREAMED: dict[str, Any] = {  # as handlers' options are
    "transaction": "own",
    "raw_body": True,
    "caller": "optional",
    "cost": FILE_COST,
}
LFS_JSON = "application/vnd.git-lfs+json"


@post(
    [
        "/{owner:str}/{name:str}/info/lfs/objects/batch",
        "/datasets/{owner:str}/{name:str}/info/lfs/objects/batch",
    ],
    status_code=200,
    include_in_schema=False,
    opt={"exclude_from_csrf": True},
)
async def announce_files(
    owner: str,
    name: str,
    request: HubRequest,
    uow: UnitOfWork,
    actor: Actor,
    hub_desk: Desk,
    hub_listings: Service[Listings],
    hub_large_files: LargeFiles,
    hub_settings: HubSettings,
) -> Response[LfsBatch]:
    """Where to send the large files of a model or a dataset."""
    name = name.removesuffix(".git")
    seen = await hub_desk.see_own(uow, actor, type_at(request), owner=owner, name=name)
    asked = await read_json(request, LfsRequest)
    if asked.operation != "upload" or asked.hash_algo != "sha256":
        raise Invalid("lfs_invalid", "Files are sent here, named by sha256, and fetched by path.")
    limit = hub_settings.batch_objects
    if len(asked.objects) > limit:
        raise Invalid("lfs_invalid", f"At most {limit} files may be announced at once.")
    managed = await hub_listings.managed(uow, actor, seen.id)
    batch = await hub_large_files.announce(uow, actor, managed, asked)
    return Response(batch, media_type=LFS_JSON)


@put(
    "/api/hub/uploads/{ticket:str}",
    tags=TAGS,
    status_code=200,
    opt=_STREAMED,
    request_max_body_size=None,
)
async def put_large_file(
    ticket: str,
    request: HubRequest,
    hub_clock: Service[Clock],
    hub_upload_tickets: UploadTickets,
    hub_large_files: LargeFiles,
) -> Response[Done]:
    """A large file, or a part of one, at its signed address; durable when this answers."""
    admitted = await hub_upload_tickets.read(ticket, now=hub_clock.now())
    tag = await hub_large_files.put(admitted, body_of(request))
    return Response(Done(ok=True), headers={"etag": f'"{tag}"'})


@post(
    "/api/hub/uploads/{ticket:str}",
    tags=TAGS,
    status_code=200,
    opt={"transaction": "own", "caller": "optional"},
)
async def complete_large_file(
    ticket: str,
    hub_clock: Service[Clock],
    hub_upload_tickets: UploadTickets,
    hub_large_files: LargeFiles,
) -> Done:
    """Ends a file that was sent in parts: its length and hash are checked."""
    admitted = await hub_upload_tickets.read(ticket, now=hub_clock.now())
    if not admitted.upload_id:
        raise Invalid("lfs_invalid", "This address takes the bytes of a whole file, with PUT.")
    await hub_large_files.complete(admitted)
    return Done(ok=True)


ROUTES = [
    announce_files,
    put_large_file,
    complete_large_file,
]
