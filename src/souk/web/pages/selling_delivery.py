"""How a seller's works reach their users: traffic, savings, and where works are kept ahead."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, posted
from souk.web.market import Market
from souk.web.pages.acting import acting
from souk.web.pages.addresses import see_other, with_query
from souk.web.pages.cdn_words import priced
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.cdn_operations import PlacementRequest

HERE: Final = "/selling/delivery"
HOURS: Final = 24 * 7
REGIONS: Final = (
    ("na-east", "North America, east"),
    ("na-west", "North America, west"),
    ("eu-west", "Europe, west"),
    ("ap-south", "Asia, south"),
    ("ap-northeast", "Asia, north-east"),
    ("sa-east", "South America, east"),
)
KINDS: Final = {"pin": "Kept", "prefetch": "Fetched once", "publish": "Fetched when published"}
_WORKS: Final = 100
_FIELDS: Final = {
    "placement_not_allowed": "region",
    "region_unknown": "region",
    "placement_listing_needed": "listing",
    "listing_unknown": "listing",
}


@get(HERE)
async def delivery_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """An organisation's traffic of a week, and its placements."""
    return await _page(request, uow, actor, shell, pages, market, form=Form(), chosen="")


@post(HERE, status_code=200)
async def place(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Makes a placement."""
    fields = await posted(request)
    form = fields.form()
    chosen = fields.get("organisation")
    who = await acting(request, uow, actor, market, chosen=chosen)
    kind = fields.get("kind")
    listing_id = fields.get("listing") or None
    if kind not in KINDS:
        form = Form(values=form.values, errors={"kind": "Choose one of these."})
    elif listing_id is None and kind != "publish":
        form = Form(values=form.values, errors={"listing": "Choose the work."})
    else:
        try:
            wanted = PlacementRequest(
                kind=kind,  # type: ignore[arg-type]  # it is one of KINDS
                listing_id=listing_id,
                organisation_id=who.organisation_id,
                regions=[fields.get("region")],
            )
            await market.cdn.placements.add(uow, actor, wanted)
            return see_other(with_query(HERE, {"organisation": who.query}))
        except SoukError as error:
            form = form.refused(error, _FIELDS)
    return await _page(request, uow, actor, shell, pages, market, form=form, chosen=chosen)


@post("/selling/delivery/{placement_id:str}/remove")
async def remove_placement(
    placement_id: str, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Ends a placement."""
    await market.cdn.placements.remove(uow, actor, placement_id)
    return see_other(HERE)


async def _page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
    *,
    form: Form,
    chosen: str,
) -> Response[str]:
    who = await acting(request, uow, actor, market, chosen=chosen)
    organisation_id = who.organisation_id
    found = await market.cdn.figures.analytics(
        uow, actor, hours=HOURS, organisation_id=organisation_id
    )
    placements = await market.cdn.placements.list(uow, actor, organisation_id)
    works = await market.listings.of_organisation(
        uow, organisation_id, state="published", limit=_WORKS
    )
    return pages.answer(
        "pages/selling_delivery.html",
        shell,
        status=422 if form.errors or form.problem else 200,
        here="/selling",
        who=who,
        found=found,
        placements=placements,
        titles={work.id: work.title for work in works.items},
        work_choices=[("", "All works"), *((work.id, work.title) for work in works.items)],
        region_choices=REGIONS,
        region_names=dict(REGIONS),
        kinds_of=KINDS,
        kind_choices=[
            ("pin", "Keep it there"),
            ("prefetch", "Fetch it once, now"),
            ("publish", "Fetch each new version"),
        ],
        form=form,
        priced=priced,
    )


ROUTES = [delivery_page, place, remove_placement]
