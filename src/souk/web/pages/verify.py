"""Metrics that the marketplace measured again: marks for everybody, and the seller's request."""

from litestar import Response, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.pages.listing_view import ListingView
from souk.web.pages.publish.draft import draft
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.evaluations import EvaluationRequest

RUNS_SHOWN = 5
_FIELDS = ("dataset", "target", "data_file", "model_file", "rows_file", "task")


async def measured_part(view: ListingView) -> dict[str, object]:
    """Each metric with its mark; to those who sell it, also the latest runs."""
    measured = await view.market.evaluations.measured(view.uow, view.listing)
    runs = []
    if view.may_edit and view.listing.kind == "model":
        found = await view.market.evaluations.of_listing(view.uow, view.actor, view.listing.id)
        runs = found[:RUNS_SHOWN]
    return {"measured": measured, "runs": runs}


@post("/publish/{listing_id:str}/verify")
async def ask_to_verify(
    listing_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Queues a run and goes back to the metrics; a refusal is shown with the form."""
    fields = await posted(request)
    listing = await draft(uow, actor, market, listing_id)
    wish, errors = read(EvaluationRequest, {name: fields.get(name) for name in _FIELDS})
    form = Form(values=fields.form().values, errors=errors)
    status = 422
    if wish is not None:
        try:
            await market.evaluations.ask(uow, actor, listing.id, wish)
        except SoukError as error:
            form, status = form.refused(error), error.status
        else:
            return see_other(f"/{listing.address}#metrics")
    return pages.answer("pages/verify.html", shell, status=status, listing=listing, form=form)


ROUTES = [ask_to_verify]
