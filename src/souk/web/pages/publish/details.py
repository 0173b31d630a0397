"""Step 2: what buyers read: summary, card, tags, metrics, what it runs on."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from litestar import MediaType, Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, Posted, plain_words, posted, read
from souk.web.markdown import render_markdown
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.pages.publish.draft import draft, steps
from souk.web.pages.search_facets import REGIONS
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.works import Compatibility, Listing, ListingUpdate, Metric

METRIC_PARTS: Final = ("name", "value", "unit", "dataset", "how")
LEAST_ROWS: Final = 3
FITS: Final = ("frameworks", "runtimes", "hardware")


@get("/publish/{listing_id:str}/details")
async def details_page(
    listing_id: str, uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """The form with what is there."""
    listing = await draft(uow, actor, market, listing_id)
    metrics = _metric_rows(listing.metrics)
    return _page(shell, pages, listing, _form_of(listing), metrics, listing.regions)


@post("/publish/{listing_id:str}/details")
async def save_details(
    listing_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Saves, then goes where the pressed button says: on to the files, to the work, or away."""
    fields = await posted(request)
    listing = await draft(uow, actor, market, listing_id)
    rows = _typed_rows(fields)
    metrics, metric_problem = _metrics(rows)
    names = ("title", "summary", "card", "task", "category")
    values: dict[str, object] = {name: fields.get(name) for name in names}
    values["tags"] = _words(fields.get("tags"))
    values["regions"] = regions = list(dict.fromkeys(fields.all("regions")))
    wish, errors = read(ListingUpdate, values)
    compatibility, fit_errors = read(
        Compatibility,
        {
            **{name: _words(fields.get(name)) for name in FITS},
            "min_memory_gb": fields.get("min_memory_gb"),
        },
    )
    errors |= fit_errors
    errors |= {"metrics": metric_problem} if metric_problem else {}
    errors |= {} if fields.get("title") else {"title": "Fill this in."}
    form = Form(values=fields.form().values, errors=errors)
    if wish is None or compatibility is None or errors:
        return _page(shell, pages, listing, form, rows, regions, status=422)
    update = msgspec.structs.replace(
        wish,
        summary=fields.get("summary"),
        card=fields.get("card"),
        task=fields.get("task"),
        category=fields.get("category"),
        metrics=metrics,
        compatibility=compatibility,
    )
    try:
        await market.editor.edit(uow, actor, listing_id, update)
    except SoukError as error:
        refused = form.refused(error)
        return _page(shell, pages, listing, refused, rows, regions, status=error.status)
    match fields.get("then"):
        case "leave":
            return see_other("/selling")
        case "see":
            return see_other(f"/{listing.address}")
        case _:
            return see_other(f"/publish/{listing_id}/files")


@post("/publish/preview", media_type=MediaType.HTML, opt={"transaction": "own"})
async def preview(request: PageRequest, actor: Actor) -> Response[str]:
    """A card as the listing page will show it."""
    actor.require_user()
    fields = await posted(request)
    return Response(str(render_markdown(fields.get("card"))), media_type=MediaType.HTML)


def _page(
    shell: Shell,
    pages: Pages,
    listing: Listing,
    form: Form,
    rows: Sequence[Mapping[str, str]],
    regions: Sequence[str],
    *,
    status: int = 200,
) -> Response[str]:
    return pages.answer(
        "pages/publish/details.html",
        shell,
        status=status,
        step_names=steps(listing.id),
        listing=listing,
        form=form,
        regions=regions,
        region_names=REGIONS,
        metric_values=rows,
        metric_rows=max(LEAST_ROWS, len(rows) + 1),
    )


def _form_of(listing: Listing) -> Form:
    memory = listing.compatibility.min_memory_gb
    return Form(
        values={
            "title": listing.title,
            "summary": listing.summary,
            "card": listing.card,
            "task": listing.task,
            "category": listing.category,
            "tags": ", ".join(listing.tags),
            **{name: ", ".join(getattr(listing.compatibility, name)) for name in FITS},
            "min_memory_gb": "" if memory is None else f"{memory:g}",
        }
    )


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(word for part in text.split(",") if (word := part.strip())))


def _metric_rows(metrics: Sequence[Metric]) -> list[dict[str, str]]:
    return [
        {part: str(getattr(metric, part)) for part in METRIC_PARTS if part != "value"}
        | {"value": f"{metric.value:g}"}
        for metric in metrics
    ]


def _typed_rows(fields: Posted) -> list[dict[str, str]]:
    columns = [fields.all(f"metric_{part}") for part in METRIC_PARTS]
    rows = [
        dict(zip(METRIC_PARTS, (text.strip() for text in row), strict=True))
        for row in zip(*columns, strict=False)
    ]
    return [row for row in rows if any(row.values())]


def _metrics(rows: Sequence[Mapping[str, str]]) -> tuple[list[Metric], str]:
    """The metrics, or the first thing that is wrong with them."""
    metrics = []
    for row in rows:
        try:
            metrics.append(msgspec.convert(row, Metric, strict=False))
        except msgspec.ValidationError as error:
            name = row["name"] or "A metric without a name"
            return [], f"{name}: {plain_words(str(error))}"
    return metrics, ""


ROUTES = [details_page, save_details, preview]
