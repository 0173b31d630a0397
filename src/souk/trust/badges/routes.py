"""HTTP: storefronts and the checks behind a badge."""

from litestar import get, patch, post

from souk.infra.http.paging import Limit
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import DEFAULT_LIMIT
from souk.trust.badges.service import BadgeService
from souk_client.contracts.base import PageAnswer
from souk_client.contracts.storefronts import (
    Badge,
    IdentityCase,
    IdentityDecision,
    IdentityRequest,
    Storefront,
    StorefrontUpdate,
    WebsiteCheck,
)

_TAGS = ["storefronts"]


@get("/storefronts/{slug:str}", tags=_TAGS)
async def get_storefront(slug: str, uow: UnitOfWork, badges: BadgeService) -> Storefront:
    """A seller: what it says of itself, its badge with the checks behind it, its reputation."""
    return await badges.storefront(uow, slug)


@patch("/storefronts/{slug:str}", tags=_TAGS)
async def update_storefront(
    slug: str, data: StorefrontUpdate, uow: UnitOfWork, actor: Actor, badges: BadgeService
) -> Storefront:
    """Changes what a seller says of itself; managers only."""
    return await badges.update(uow, actor, slug, data)


@get("/storefronts/{slug:str}/website", tags=_TAGS)
async def get_website_check(
    slug: str, uow: UnitOfWork, actor: Actor, badges: BadgeService
) -> WebsiteCheck:
    """Which text has to be where on the seller's website; managers only."""
    return await badges.website_check(uow, actor, slug)


@post("/storefronts/{slug:str}/website", tags=_TAGS)
async def check_website(
    slug: str, uow: UnitOfWork, actor: Actor, badges: BadgeService
) -> WebsiteCheck:
    """Has the website looked at now; the outcome is there within seconds."""
    return await badges.check_website(uow, actor, slug)


@post("/storefronts/{slug:str}/identity", tags=_TAGS)
async def ask_identity(
    slug: str, data: IdentityRequest, uow: UnitOfWork, actor: Actor, badges: BadgeService
) -> Badge:
    """Asks the operator to check who is behind a seller; managers only."""
    return await badges.ask_identity(uow, actor, slug, data)


@get("/identity-cases", tags=_TAGS)
async def list_identity_cases(
    uow: UnitOfWork,
    actor: Actor,
    badges: BadgeService,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[IdentityCase]:
    """Admin: sellers that wait to be checked, the longest first."""
    page = await badges.identity_cases(uow, actor, cursor=cursor, limit=limit)
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@post("/identity-cases/{slug:str}/decision", tags=_TAGS)
async def decide_identity(
    slug: str, data: IdentityDecision, uow: UnitOfWork, actor: Actor, badges: BadgeService
) -> Badge:
    """Admin: says what came of a check."""
    return await badges.decide_identity(uow, actor, slug, data)


ROUTES = [
    get_storefront,
    update_storefront,
    get_website_check,
    check_website,
    ask_identity,
    list_identity_cases,
    decide_identity,
]
