"""HTTP: who calls, which repositories there are, making and changing them."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, delete, get, post, put
from litestar.exceptions import NotFoundException
from litestar.params import Parameter, QueryParameter

from souk.delivery.hub.api import RepositoryQuestion
from souk.delivery.hub.asked import NamedRepository, NewRepository, RepositorySettings
from souk.delivery.hub.describing import HubDescriber, chosen_fields
from souk.delivery.hub.desk import Desk, check_writer, require_key
from souk.delivery.hub.errors import NotOffered
from souk.delivery.hub.http import TYPES, HubRequest, next_link, read_json, type_named
from souk.delivery.hub.managing import HubManager
from souk.delivery.hub.rights import FileRights
from souk.delivery.hub.settings import HubSettings
from souk.delivery.hub.wire import (
    CardCheck,
    CardFinding,
    CreatedRepository,
    Done,
    RepositoryInfo,
    Who,
    WhoAuth,
    WhoOrganisation,
    WhoToken,
)
from souk.infra.http.dependencies import Service
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.people.access.api import AccessApi
from souk.works.listings.api import Repositories
from souk.works.revisions.api import MAIN

TAGS = ["hub"]
PUBLIC: dict[str, Any] = {"caller": "optional"}  # as handlers' options are
_SORTS: dict[str, Literal["relevance", "newest", "downloads", "trending"]] = {
    "downloads": "downloads",
    "createdAt": "newest",
    "lastModified": "newest",
    "trendingScore": "trending",
    "likes": "trending",
}


@get("/api/whoami-v2", tags=TAGS)
async def whoami(uow: UnitOfWork, actor: Actor, access: Service[AccessApi]) -> Who:
    """Whose token this is."""
    me = await access.me(uow, actor)
    return Who(
        type="user",
        id=me.user.id,
        name=me.user.organisation.slug,
        fullname=me.user.name,
        email=me.user.email,
        email_verified=True,
        is_pro=False,
        can_pay=True,
        orgs=[
            WhoOrganisation(
                type="org",
                id=membership.organisation.id,
                name=membership.organisation.slug,
                fullname=membership.organisation.name,
                role_in_org="admin" if membership.role == "owner" else "write",
                is_enterprise=False,
            )
            for membership in me.memberships
            if not membership.personal
        ],
        auth=WhoAuth(
            type="access_token",
            access_token=WhoToken(display_name=f"Souk {actor.credential}", role="write"),
        ),
    )


class CardRequest(msgspec.Struct, frozen=True):
    """A card to be checked."""

    content: str = ""


@post("/api/validate-yaml", tags=TAGS, status_code=200, opt=PUBLIC)
async def validate_card(
    request: HubRequest, hub_repositories: Service[Repositories]
) -> Response[CardCheck]:
    """Checks a card's front matter before anything is uploaded."""
    asked = await read_json(request, CardRequest)
    problem = hub_repositories.card_problem(asked.content)
    errors = [] if problem is None else [CardFinding(message=problem)]
    return Response(CardCheck(errors=errors, warnings=[]), status_code=400 if errors else 200)


@post("/api/repos/create", tags=TAGS, status_code=200)
async def create_repository(
    request: HubRequest, uow: UnitOfWork, actor: Actor, hub_manager: HubManager
) -> Response[CreatedRepository]:
    """Makes a draft listing; nobody else sees it until it is published."""
    wanted = await read_json(request, NewRepository)
    created = await hub_manager.create(uow, actor, wanted)
    headers = {}
    if wanted.visibility == "public" or wanted.private is False:
        headers["x-hf-warning"] = (
            "draft; The repository is a draft until it is published: it needs files, a licence "
            "and an offer first."
        )
    return Response(created, headers=headers)


@delete("/api/repos/delete", tags=TAGS, status_code=200)
async def delete_repository(
    request: HubRequest, uow: UnitOfWork, actor: Actor, hub_manager: HubManager
) -> Done:
    """Removes a draft for good; takes a published listing off the market, licences stay."""
    await hub_manager.delete(uow, actor, await read_json(request, NamedRepository))
    return Done(ok=True)


@post("/api/repos/move", tags=TAGS, status_code=200)
async def move_repository(actor: Actor) -> Done:
    """Refused: licences and proofs name a listing by its address."""
    require_key(actor)
    raise NotOffered(
        "A listing keeps its address: licences and proofs name it. Make a new repository instead."
    )


@put(
    "/api/{kind:str}/{owner:str}/{name:str}/settings",
    tags=TAGS,
    opt={"transaction": "own", "caller": "optional"},
)
async def change_repository(
    kind: str,
    owner: str,
    name: str,
    request: HubRequest,
    actor: Actor,
    hub_manager: HubManager,
) -> Done:
    """Publishes (what `main` holds becomes a version, if it is none) or takes off the market."""
    await hub_manager.change(
        actor,
        type_named(kind, owner=owner, name=name),
        owner=owner,
        name=name,
        settings=await read_json(request, RepositorySettings),
    )
    return Done(ok=True)


Text = Annotated[str | None, Parameter(max_length=200)]
Words = Annotated[list[str] | None, Parameter(max_items=20)]
Asked = Annotated[int | None, Parameter(ge=1, le=10_000)]


@get("/api/{kind:str}", tags=TAGS, opt=PUBLIC)
async def list_repositories(
    kind: str,
    request: HubRequest,
    uow: UnitOfWork,
    actor: Actor,
    hub_describer: HubDescriber,
    hub_settings: HubSettings,
    text: Annotated[str | None, QueryParameter(name="search", max_length=200)] = None,
    author: Text = None,
    tags: Annotated[list[str] | None, QueryParameter(name="filter", max_items=20)] = None,
    pipeline_tag: Text = None,
    sort: Text = None,
    cursor: Text = None,
    limit: Asked = None,
) -> Response[list[RepositoryInfo]]:
    """Repositories (`models`, `datasets`) that are for sale; one's own drafts with `author`."""
    repo_type = TYPES.get(kind)
    if repo_type is None:
        raise NotFoundException()
    question = RepositoryQuestion(
        text=text or "",
        dataset=repo_type == "dataset",
        owner=author,
        tags=tuple(tags or ()),
        task=pipeline_tag,
        sort=_SORTS.get(sort or "", "relevance"),
        cursor=cursor,
        limit=min(limit or hub_settings.list_page, hub_settings.list_page),
    )
    page = await hub_describer.list(uow, actor, repo_type, question)
    headers = {}
    if page.next_cursor is not None:
        headers = next_link(request, cursor=page.next_cursor)
    return Response(page.items, headers=headers)


@get("/api/{kind:str}/{owner:str}/{name:str}", tags=TAGS, opt=PUBLIC)
async def describe_repository(
    kind: str,
    owner: str,
    name: str,
    request: HubRequest,
    uow: UnitOfWork,
    actor: Actor,
    hub_describer: HubDescriber,
    hub_desk: Desk,
    blobs: bool = False,
    expand: Words = None,
) -> Response[dict[str, Any]]:  # the fields that were asked for
    """A repository as it is on `main`."""
    seen = await hub_desk.see(
        uow, actor, type_named(kind, owner=owner, name=name), owner=owner, name=name
    )
    info = await hub_describer.info(uow, seen, MAIN, blobs=blobs)
    return Response(chosen_fields(msgspec.to_builtins(info), expand or []))


@get(
    "/api/{kind:str}/{owner:str}/{name:str}/revision/{revision:path}",
    tags=TAGS,
    opt=PUBLIC,
)
async def describe_revision(
    kind: str,
    owner: str,
    name: str,
    revision: str,
    request: HubRequest,
    uow: UnitOfWork,
    actor: Actor,
    hub_describer: HubDescriber,
    hub_desk: Desk,
    blobs: bool = False,
    expand: Words = None,
) -> Response[dict[str, Any]]:  # the fields that were asked for
    """A repository as it is at a version, tag, branch or commit."""
    seen = await hub_desk.see(
        uow, actor, type_named(kind, owner=owner, name=name), owner=owner, name=name
    )
    info = await hub_describer.info(uow, seen, revision.strip("/"), blobs=blobs)
    return Response(chosen_fields(msgspec.to_builtins(info), expand or []))


@get("/api/{kind:str}/{owner:str}/{name:str}/auth-check", tags=TAGS, opt=PUBLIC)
async def check_access(
    kind: str,
    owner: str,
    name: str,
    uow: UnitOfWork,
    actor: Actor,
    hub_desk: Desk,
    hub_rights: FileRights,
) -> Done:
    """Whether the caller may have the files."""
    seen = await hub_desk.see(
        uow, actor, type_named(kind, owner=owner, name=name), owner=owner, name=name
    )
    await hub_rights.admit(uow, actor, seen)
    return Done(ok=True)


@get("/api/{kind:str}/{owner:str}/{name:str}/auth-check/write", tags=TAGS, opt=PUBLIC)
async def check_write_access(
    kind: str,
    owner: str,
    name: str,
    uow: UnitOfWork,
    actor: Actor,
    hub_desk: Desk,
) -> Done:
    """Whether the caller may commit."""
    seen = await hub_desk.see_own(
        uow, actor, type_named(kind, owner=owner, name=name), owner=owner, name=name
    )
    check_writer(actor, seen)
    return Done(ok=True)


ROUTES = [
    whoami,
    validate_card,
    create_repository,
    delete_repository,
    move_repository,
    change_repository,
    list_repositories,
    describe_repository,
    describe_revision,
    check_access,
    check_write_access,
]
