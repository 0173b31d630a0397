"""Workspaces: the list, and one with what is installed in it."""

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.acting import organisation_choices
from souk.web.pages.addresses import paging, see_other, with_query
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.plugins import RollBackRequest, WorkspaceRequest, WorkspaceUpdate

HERE = "/workspaces"
PAGE_SIZE = 30
HISTORY = 20
_NAME_FIELDS = {"workspace_name_taken": "name"}


@get(HERE)
async def workspaces_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """The workspaces of all the caller's organisations."""
    return await _list(request, uow, actor, shell, pages, market, Form())


@post(HERE)
async def start_workspace(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Makes an empty workspace; goes on to the plan when a plug-in waits to be installed."""
    fields = await posted(request)
    names = ("name", "organisation_id")
    wish, errors = read(WorkspaceRequest, {name: fields.get(name) for name in names})
    form = Form(values=fields.form().values, errors=errors)
    if wish is not None:
        try:
            made = await market.workspaces.create(uow, actor, wish)
        except SoukError as error:
            form = form.refused(error, _NAME_FIELDS)
        else:
            plugin = fields.get("plugin")[:200]
            plan = with_query(f"{HERE}/{made.id}/plan", {"install": plugin})
            return see_other(plan if plugin else f"{HERE}/{made.id}")
    return await _list(request, uow, actor, shell, pages, market, form)


@get("/workspaces/{workspace_id:str}")
async def workspace_page(
    workspace_id: str,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """What is installed, what is newer, and what changed before."""
    return await _one(uow, actor, shell, pages, market, workspace_id=workspace_id, form=Form())


@post("/workspaces/{workspace_id:str}/rename")
async def rename_workspace(
    workspace_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Gives it another name."""
    fields = await posted(request)
    wish, errors = read(WorkspaceUpdate, {"name": fields.get("name")})
    form = Form(values=fields.form().values, errors=errors)
    if wish is not None:
        try:
            await market.workspaces.rename(uow, actor, workspace_id, name=wish.name)
            return see_other(f"{HERE}/{workspace_id}")
        except SoukError as error:
            if error.code not in _NAME_FIELDS:
                raise
            form = form.refused(error, _NAME_FIELDS)
    return await _one(uow, actor, shell, pages, market, workspace_id=workspace_id, form=form)


@post("/workspaces/{workspace_id:str}/roll-back")
async def roll_back(
    workspace_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Returns to the lock that the form names."""
    fields = await posted(request)
    wish, errors = read(RollBackRequest, {"to": fields.get("to")})
    form = Form(errors=errors)
    if wish is not None:
        try:
            await market.workspaces.roll_back(uow, actor, workspace_id, wish)
            return see_other(f"{HERE}/{workspace_id}")
        except SoukError as error:
            if error.status in (403, 404):
                raise
            form = form.refused(error)
    return await _one(uow, actor, shell, pages, market, workspace_id=workspace_id, form=form)


async def _list(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
    form: Form,
) -> Response[str]:
    cursor = request.query_params.get("cursor") or None
    page = await market.workspaces.page(uow, actor, cursor=cursor, limit=PAGE_SIZE)
    choices = await organisation_choices(uow, actor, market)
    return pages.answer(
        "pages/workspaces.html",
        shell,
        status=422 if form.errors or form.problem else 200,
        here=HERE,
        workspaces=page.items,
        ends=paging(HERE, cursor, page.next_cursor),
        owners=dict(choices),
        choices=[choice for choice in choices if actor.manages(choice[0])],
        plugin=(form.value("plugin") or request.query_params.get("plugin", ""))[:200],
        form=form,
    )


async def _one(
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
    *,
    workspace_id: str,
    form: Form,
) -> Response[str]:
    workspace = await market.workspaces.get(uow, actor, workspace_id)
    outdated = await market.workspaces.outdated(uow, actor, workspace_id)
    history = await market.workspaces.history(uow, actor, workspace_id, limit=HISTORY)
    owner = await market.organisations.get(uow, workspace.organisation_id)
    return pages.answer(
        "pages/workspace.html",
        shell,
        status=422 if form.errors or form.problem else 200,
        here=HERE,
        workspace=workspace,
        owner=owner,
        outdated={one.plugin: one for one in outdated},
        can_upgrade=any(one.upgrade for one in outdated),
        history=history.items,
        may_manage=actor.manages(workspace.organisation_id),
        form=form,
    )


ROUTES = [workspaces_page, start_workspace, workspace_page, rename_workspace, roll_back]
