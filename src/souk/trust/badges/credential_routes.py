"""HTTP: credentials of verified sellers, and the lists of revoked ones."""

from typing import Annotated

from litestar import Response, delete, get, post
from litestar.params import Parameter

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.trust.badges.credentials import CredentialService
from souk_client.contracts.credentials import AuthorCredential

_TAGS = ["storefronts"]


@post("/storefronts/{slug:str}/credential", tags=_TAGS)
async def issue_credential(
    slug: str, uow: UnitOfWork, actor: Actor, credentials: CredentialService
) -> AuthorCredential:
    """A new credential for a verified seller; the one before is revoked. Managers only."""
    return await credentials.issue(uow, actor, slug)


@get("/storefronts/{slug:str}/credential", tags=_TAGS)
async def get_credential(
    slug: str, uow: UnitOfWork, credentials: CredentialService
) -> AuthorCredential:
    """A verified seller's credential, for anybody to check."""
    return await credentials.current(uow, slug)


@delete("/storefronts/{slug:str}/credential", tags=_TAGS)
async def revoke_credential(
    slug: str, uow: UnitOfWork, actor: Actor, credentials: CredentialService
) -> None:
    """Takes a seller's credential back; managers only."""
    await credentials.revoke(uow, actor, slug)


@get("/credentials/status/{number:int}", tags=_TAGS, media_type="application/vc+jwt")
async def status_list(
    number: Annotated[int, Parameter(ge=1, le=2**31 - 1)],
    uow: UnitOfWork,
    credentials: CredentialService,
) -> Response[str]:
    """Which credentials were revoked (Bitstring Status List), signed by the marketplace."""
    content = await credentials.status_list(uow, number)
    headers = {"access-control-allow-origin": "*", "cache-control": "public, max-age=60"}
    return Response(content, media_type="application/vc+jwt", headers=headers)


ROUTES = [issue_credential, get_credential, revoke_credential, status_list]
