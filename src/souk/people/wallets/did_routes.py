"""HTTP: documents of decentralised identifiers, where the methods look for them."""

from typing import Annotated

from litestar import Response, get
from litestar.params import Parameter

from souk.infra.postgres.uow import UnitOfWork
from souk.people.wallets.did_service import DidService
from souk_client.contracts.wallets import DidDocument

_ANYBODY = {"access-control-allow-origin": "*"}


@get("/dids/{did:str}", tags=["people"])
async def resolve_did(
    did: Annotated[str, Parameter(max_length=400)], uow: UnitOfWork, dids: DidService
) -> DidDocument:
    """The document of a wallet's did:pkh, or of a did:web of this marketplace or a seller."""
    return await dids.resolve(uow, did)


@get("/.well-known/did.json", tags=["people"], opt={"transaction": "own"})
async def market_did(dids: DidService) -> Response[DidDocument]:
    """The marketplace's did:web document: the keys that sign credentials."""
    return Response(await dids.market_document(), headers=_ANYBODY)


@get("/organisations/{slug:str}/did.json", tags=["people"])
async def organisation_did(
    slug: Annotated[str, Parameter(max_length=96)], uow: UnitOfWork, dids: DidService
) -> Response[DidDocument]:
    """A seller's did:web document: the storefront, and the wallets that its owner shows."""
    return Response(await dids.organisation_document(uow, slug), headers=_ANYBODY)


ROUTES = [resolve_did]
WELL_KNOWN = [market_did, organisation_did]
