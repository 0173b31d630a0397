"""HTTP: taking CAR files in, and the CIDs of versions."""

from collections.abc import AsyncIterator
from typing import Annotated

from litestar import Request, get, post
from litestar.exceptions import HTTPException
from litestar.params import Parameter

from souk.delivery.ipfs.errors import CarRefused
from souk.delivery.ipfs.importing import CarImporter
from souk.delivery.ipfs.versions import VersionCids
from souk.infra.postgres.scope import scope_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Invalid
from souk.kernel.paths import path_problem
from souk_client.contracts.ipfs import ImportedCar, VersionCid

_TAGS = ["delivery"]


@post(
    "/ipfs/imports",
    tags=_TAGS,
    opt={"transaction": "own", "raw_body": True},
    request_max_body_size=None,
)
async def import_car(
    request: Request,  # type: ignore[type-arg]  # only its body is used
    actor: Actor,
    car_importer: CarImporter,
    organisation_id: str | None = None,
    filename: Annotated[str | None, Parameter(max_length=255)] = None,
) -> ImportedCar:
    """Takes a CAR file (the raw body): its files become artifacts of your organisation.

    It has one root and every block below it; each block is checked. The files are scanned like
    uploads, and can be fetched by the CAR file's own CIDs by members of the organisation.
    """
    actor.require("marketplace:create_resource")
    owner = actor.acting_for(organisation_id)
    if filename is not None and ("/" in filename or path_problem(filename) is not None):
        raise Invalid("filename_invalid", "The file name must be a name alone, without folders.")
    return await car_importer.take_in(
        _body_of(request), scope=scope_of(actor), organisation_id=owner, filename=filename
    )


@get(
    "/listings/{listing_id:str}/versions/{version:str}/ipfs", tags=_TAGS, opt={"caller": "optional"}
)
async def version_cid(
    listing_id: str, version: str, uow: UnitOfWork, actor: Actor, version_cids: VersionCids
) -> VersionCid:
    """The CID of a published version as a folder, and whether everybody may fetch it."""
    return await version_cids.of_version(uow, actor, listing_id, version)


async def _body_of(
    request: Request,  # type: ignore[type-arg]  # only its body is used
) -> AsyncIterator[bytes]:
    """The body as it arrives; a caller who hangs up is no fault of the server."""
    try:
        async for chunk in request.stream():
            yield chunk
    except HTTPException:
        raise CarRefused("The CAR file did not arrive whole.") from None


ROUTES = [import_car, version_cid]
