"""How many nodes each region has, and new ones."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.cdn import JoinToken
from souk_client.contracts.cdn_operations import NodeOrderRequest, ScalingPolicyRequest

TABS: Final = "/admin/cdn"
HERE: Final = "/admin/cdn/scaling"
_NUMBERS: Final = ("minimum", "maximum", "target_load", "cool_down_s", "drain_s")
_FIELDS: Final = {"scaling_policy_invalid": "minimum", "region_unknown": "region"}
_START: Final = {
    "minimum": "1",
    "maximum": "3",
    "target_load": "0.6",
    "cool_down_s": "300",
    "drain_s": "300",
}


@get(HERE)
async def scaling_page(
    uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """Policies, what was decided, and the way to a new node."""
    return await _page(uow, actor, shell, pages, market, form=Form(values=_START))


@post(HERE, status_code=200)
async def set_policy(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Sets a region's policy anew."""
    fields = await posted(request)
    form = fields.form()
    await market.cdn.scaling.list(uow, actor)  # refuses who may not, before the form is read
    wanted, errors = read(ScalingPolicyRequest, {name: fields.get(name) for name in _NUMBERS})
    form = Form(values=form.values, errors=errors)
    if wanted is not None:
        try:
            await market.cdn.scaling.set(uow, actor, fields.get("region"), wanted)
            return see_other(HERE)
        except SoukError as error:
            form = form.refused(error, _FIELDS)
    return await _page(uow, actor, shell, pages, market, form=form)


@post("/admin/cdn/scaling/order", status_code=200)
async def order_node(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """A new node: the command to run elsewhere is shown once, or a provider starts it."""
    fields = await posted(request)
    form = Form(values={**_START, **fields.form().values})
    try:
        wanted = NodeOrderRequest(
            region=fields.get("region"), provider=fields.get("provider", "token")
        )
        order = await market.cdn.scaling.order(uow, actor, wanted)
        if order.join is None:
            return see_other(HERE)
        return await _page(uow, actor, shell, pages, market, form=form, join=order.join)
    except SoukError as error:
        form = form.refused(error)
    return await _page(uow, actor, shell, pages, market, form=form)


@post("/admin/cdn/scaling/{region:str}/remove")
async def remove_policy(region: str, uow: UnitOfWork, actor: Actor, market: Market) -> Redirect:
    """Ends a policy; its nodes are drained."""
    await market.cdn.scaling.remove(uow, actor, region)
    return see_other(HERE)


async def _page(
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
    *,
    form: Form,
    join: JoinToken | None = None,
) -> Response[str]:
    policies = await market.cdn.scaling.list(uow, actor)
    regions = await market.nodes.regions(uow, actor, region=None)
    return pages.answer(
        "pages/admin/cdn_scaling.html",
        shell,
        status=422 if form.errors or form.problem else 200,
        here=TABS,
        at=HERE,
        policies=policies.items,
        providers=policies.providers,
        decisions=await market.cdn.scaling.decisions(uow, actor, region=None, limit=20),
        region_choices=[(one.name, one.title) for one in regions],
        form=form,
        join=join,
    )


ROUTES = [scaling_page, set_policy, order_node, remove_policy]
