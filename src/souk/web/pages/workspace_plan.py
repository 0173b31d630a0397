"""What a change to a workspace would do, and doing it."""

from collections.abc import Sequence

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import PageRequest, Posted, ProblemWords, posted
from souk.web.market import Market
from souk.web.pages.addresses import see_other, with_query
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.plugins import Plan, Workspace, WorkspaceChange

HERE = "/workspaces"
_FIELDS = ("install", "range", "channel", "upgrade", "remove", "upgrade_all")


@get("/workspaces/plan")
async def choose_plan(request: PageRequest, actor: Actor) -> Redirect:
    """From a listing's form to the plan of the workspace that was chosen there."""
    actor.require_user()
    query = request.query_params
    kept = {name: query.get(name, "")[:200] for name in _FIELDS}
    workspace_id = query.get("workspace", "")
    if not workspace_id.isalnum() and not workspace_id.replace("_", "").isalnum():
        return see_other(with_query(HERE, {"plugin": kept["install"]}))
    return see_other(with_query(f"{HERE}/{workspace_id}/plan", kept))


@get("/workspaces/{workspace_id:str}/plan")
async def plan_page(
    workspace_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """The change that the address asks for, with all that it takes."""
    query = Posted({name: request.query_params.getall(name, []) for name in _FIELDS})
    workspace = await market.workspaces.get(uow, actor, workspace_id)
    change, problem = _wish(query)
    if change is None:
        return _page(pages, shell, actor, workspace, query=query, problem=problem)
    try:
        plan = await market.workspaces.plan(uow, actor, workspace_id, change)
    except SoukError as error:
        return _page(pages, shell, actor, workspace, query=query, error=error)
    return _page(pages, shell, actor, workspace, query=query, plan=plan)


@post("/workspaces/{workspace_id:str}/apply")
async def apply_plan(
    workspace_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Does what was planned, with the permissions that were ticked."""
    fields = await posted(request)
    workspace = await market.workspaces.get(uow, actor, workspace_id)
    change, problem = _wish(fields)
    if change is None:
        return _page(pages, shell, actor, workspace, query=fields, problem=problem)
    try:
        plan = await market.workspaces.plan(uow, actor, workspace_id, _without_lock(change))
        await market.workspaces.apply(uow, actor, workspace_id, change)
    except SoukError as error:
        if error.status in (403, 404):
            raise
        shown = plan if error.code != "plugins_conflict" else None
        return _page(pages, shell, actor, workspace, query=fields, plan=shown, error=error)
    return see_other(f"{HERE}/{workspace_id}")


def _wish(fields: Posted) -> tuple[WorkspaceChange | None, str]:
    """The change that fields ask for, or what is wrong with them."""
    install = [
        {
            "plugin": plugin.strip().lower(),
            "range": fields.get("range") or "*",
            "channel": fields.get("channel") or "stable",
        }
        for plugin in fields.all("install")
        if plugin.strip()
    ]
    accepted = [
        {"plugin": plugin, "permission": permission}
        for value in fields.all("accept")
        for plugin, _, permission in [value.partition(" ")]
    ]
    asked: dict[str, object] = {
        "install": install,
        "upgrade": [one for one in fields.all("upgrade") if one],
        "upgrade_all": bool(fields.get("upgrade_all")),
        "remove": [one for one in fields.all("remove") if one],
        "accept_permissions": accepted,
        "expected_lock": int(fields.get("lock")) if _is_number(fields.get("lock")) else None,
    }
    try:
        return msgspec.convert(asked, WorkspaceChange), ""
    except msgspec.ValidationError as error:
        words = str(error)
        if "range" in words:
            return None, "Give a range of versions, such as ^1.2 or >=1.0 <2.0, or * for any."
        return None, "Give the plug-in's address, such as ada/tokeniser."


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _without_lock(change: WorkspaceChange) -> WorkspaceChange:
    return msgspec.structs.replace(change, expected_lock=None)


def _page(
    pages: Pages,
    shell: Shell,
    actor: Actor,
    workspace: Workspace,
    *,
    query: Posted,
    plan: Plan | None = None,
    error: SoukError | None = None,
    problem: str = "",
) -> Response[str]:
    words = ProblemWords(title="This cannot be read", detail=problem) if problem else None
    reasons: Sequence[str] = ()
    if error is not None:
        given = error.extra.get("reasons")
        reasons = [str(one) for one in given] if isinstance(given, list) else ()
        detail = "" if reasons else error.detail
        title = "No versions fit together" if reasons else error.title
        words = ProblemWords(title=title, detail=detail)
    status = 422 if problem else (error.status if error is not None else 200)
    return pages.answer(
        "pages/workspace_plan.html",
        shell,
        status=status,
        here=HERE,
        workspace=workspace,
        plan=plan,
        problem=words,
        reasons=reasons,
        asked=[(name, value) for name in _FIELDS for value in query.all(name) if value],
        may_manage=actor.manages(workspace.organisation_id),
    )


ROUTES = [choose_plan, plan_page, apply_plan]
