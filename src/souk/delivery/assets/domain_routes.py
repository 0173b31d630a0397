"""HTTP: domains for their owners, answers to authorities, and what nodes are told."""

from typing import Any

import msgspec
from litestar import MediaType, Request, Response, delete, get, patch, post, put
from litestar.datastructures import State

from souk.delivery.assets import domain_store
from souk.delivery.assets.domains import DomainService
from souk.delivery.assets.ports import Nodes
from souk.edge.protocol import NODE_HEADER, ROOT
from souk.infra.http.dependencies import Service
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound, Unauthenticated
from souk_client.contracts.domains import (
    CertificateRequest,
    Domain,
    DomainRequest,
    Domains,
    DomainUpdate,
)

_TAGS = ["delivery"]


@get("/domains", tags=_TAGS)
async def list_domains(
    uow: UnitOfWork, actor: Actor, domains: DomainService, organisation_id: str | None = None
) -> Domains:
    """An organisation's domains, each with its state and what to do next."""
    return Domains(items=await domains.all(uow, actor, organisation_id=organisation_id))


@post("/domains", tags=_TAGS)
async def claim_domain(
    data: DomainRequest, uow: UnitOfWork, actor: Actor, domains: DomainService
) -> Domain:
    """Claims a name for assets or for a site; it counts once it is proven."""
    return await domains.claim(uow, actor, data)


@get("/domains/{domain_id:str}", tags=_TAGS)
async def get_domain(
    domain_id: str, uow: UnitOfWork, actor: Actor, domains: DomainService
) -> Domain:
    """One of the caller's domains."""
    return await domains.get(uow, actor, domain_id)


@patch("/domains/{domain_id:str}", tags=_TAGS)
async def change_domain(
    domain_id: str, data: DomainUpdate, uow: UnitOfWork, actor: Actor, domains: DomainService
) -> Domain:
    """Sets how nodes serve a domain: HSTS, whose pages may read it, limits."""
    return await domains.change(uow, actor, domain_id, data)


@post(
    "/domains/{domain_id:str}/check",
    tags=_TAGS,
    status_code=200,
    opt={"transaction": "own", "cost": 5.0},
)
async def check_domain(domain_id: str, actor: Actor, domains: DomainService) -> Domain:
    """Looks now for the text record or the file that proves a domain."""
    return await domains.check(actor, domain_id)


@put("/domains/{domain_id:str}/certificate", tags=_TAGS)
async def put_certificate(
    domain_id: str, data: CertificateRequest, uow: UnitOfWork, actor: Actor, domains: DomainService
) -> Domain:
    """Brings a certificate of the owner's own; nodes serve with it a moment later."""
    return await domains.put_certificate(uow, actor, domain_id, data)


@delete("/domains/{domain_id:str}", tags=_TAGS)
async def remove_domain(
    domain_id: str, uow: UnitOfWork, actor: Actor, domains: DomainService
) -> None:
    """Takes a domain away; nodes serve it no longer."""
    await domains.remove(uow, actor, domain_id)


@get(
    "/.well-known/acme-challenge/{token:str}",
    include_in_schema=False,
    media_type=MediaType.TEXT,
    opt={"transaction": "own", "credential": "own"},
)
async def challenge(token: str, database: Database) -> Response[str]:
    """What an authority wants to hear before it gives a certificate (RFC 8555, 8.3)."""
    async with database.transaction(SYSTEM, read_only=True) as uow:
        answer = await domain_store.challenge(uow, token)
    if answer is None:
        raise NotFound("challenge_unknown", "Nobody is asked this.")
    return Response(
        answer,
        media_type="application/octet-stream",
        headers={"cache-control": "no-store"},
    )


@get(
    f"{ROOT}/domains",
    include_in_schema=False,
    opt={"transaction": "own", "rate": "own", "credential": "own"},
)
async def for_nodes(
    request: Request[Any, Any, State],
    database: Database,
    domains: DomainService,
    asset_nodes: Service[Nodes],
    known: int = 0,
) -> Response[bytes]:
    """Proven domains with their rules and keys, for nodes alone; 204 when nothing is new."""
    address = str(request.scope["state"].get("address", ""))
    async with database.transaction(SYSTEM) as uow:
        if not await asset_nodes.is_node(uow, request.headers.get(NODE_HEADER), address=address):
            raise Unauthenticated("node_refused", "This is for nodes.")
        told = await domains.for_nodes(uow, known=known)
    if told is None:
        return Response(b"", status_code=204)
    return Response(
        msgspec.json.encode(told),
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )


ROUTES = [
    list_domains,
    claim_domain,
    get_domain,
    change_domain,
    check_domain,
    put_certificate,
    remove_domain,
]
ROOT_ROUTES = [challenge, for_nodes]
