"""Step 3: files, which the browser has uploaded, become a version."""

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.pages.publish.draft import draft, steps
from souk.web.render import Pages
from souk.web.shell import Shell
from souk.works.listings.api import current_version
from souk_client.contracts.works import Listing, VersionRequest


@get("/publish/{listing_id:str}/files")
async def files_page(
    listing_id: str, uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """The place to drop files on."""
    listing = await draft(uow, actor, market, listing_id)
    return _page(shell, pages, listing, Form(values={"version": next_version(listing)}))


@post("/publish/{listing_id:str}/files")
async def save_files(
    listing_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Makes the version and goes on to the price."""
    fields = await posted(request)
    listing = await draft(uow, actor, market, listing_id)
    paths, hashes = fields.all("path"), fields.all("sha256")
    chosen = [{"path": p, "sha256": h} for p, h in zip(paths, hashes, strict=False)]
    wish, errors = read(
        VersionRequest,
        {"version": fields.get("version"), "files": chosen, "notes": fields.get("notes")},
    )
    if not chosen:
        errors["files"] = "Add at least one file and wait until it is checked."
    form = Form(values=fields.form().values, errors=errors)
    if wish is None or errors:
        return _page(shell, pages, listing, form, status=422)
    try:
        await market.publisher.add_version(uow, actor, listing_id, wish)
    except SoukError as error:
        known = {"version_taken": "version", "path_invalid": "files", "artifact_unknown": "files"}
        return _page(shell, pages, listing, form.refused(error, known), status=error.status)
    return see_other(f"/publish/{listing_id}/price")


@post("/publish/{listing_id:str}/current")
async def make_current(
    listing_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Buyers get another published version from now on."""
    fields = await posted(request)
    listing = await draft(uow, actor, market, listing_id)
    try:
        await market.publisher.make_current(uow, actor, listing_id, fields.get("version"))
    except SoukError as error:
        form = Form(values={"version": next_version(listing)})
        return _page(
            shell, pages, listing, form, current_form=Form().refused(error), status=error.status
        )
    return see_other(f"/{listing.address}#versions")


def next_version(listing: Listing) -> str:
    """`1.0.0` at first, then the next minor version."""
    if not listing.versions:
        return "1.0.0"
    core = listing.versions[0].version.partition("-")[0].partition("+")[0]
    major, minor, _ = core.split(".")
    return f"{major}.{int(minor) + 1}.0"


def _page(
    shell: Shell,
    pages: Pages,
    listing: Listing,
    form: Form,
    *,
    current_form: Form | None = None,
    status: int = 200,
) -> Response[str]:
    current = current_version(listing)
    return pages.answer(
        "pages/publish/files.html",
        shell,
        status=status,
        step_names=steps(listing.id),
        listing=listing,
        form=form,
        current_form=current_form or Form(),
        current=current,
        others=[one for one in listing.versions if one.published_at and one is not current],
    )


ROUTES = [files_page, save_files, make_current]
