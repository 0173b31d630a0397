"""What somebody owns: licences and the files they open."""

from litestar import Response, get

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound, SoukError
from souk.web.forms import PageRequest, ProblemWords
from souk.web.market import Market
from souk.web.pages.addresses import paging
from souk.web.pages.chain_checkout import chain_name
from souk.web.pages.tokens import resale_of, token_panel
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.delivery import LicensedFiles

HERE = "/library"
PAGE_SIZE = 30


@get(HERE)
async def library_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """The licences of all the caller's organisations, newest first."""
    actor.require_user()
    cursor = request.query_params.get("cursor") or None
    page = await market.licences.list(
        uow, organisation_ids=list(actor.memberships), cursor=cursor, limit=PAGE_SIZE
    )
    listings = await market.listings.summaries(uow, {one.listing_id for one in page.items})
    return pages.answer(
        "pages/library.html",
        shell,
        here=HERE,
        under_way=[] if cursor else await market.chain_sales.waiting(uow, actor),
        licences=page.items,
        kinds_by_listing={listing_id: one.kind for listing_id, one in listings.items()},
        paging=paging(HERE, cursor, page.next_cursor),
    )


@get("/library/{licence_id:str}")
async def licence_page(
    licence_id: str,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """One licence with its files, each behind an address that works for a few minutes."""
    actor.require_user()
    licence = await market.licences.get(uow, licence_id)
    if not actor.belongs_to(licence.licensee.id):
        raise NotFound("licence_unknown", "You hold no such licence.")
    files: LicensedFiles | None = None
    problem: ProblemWords | None = None
    try:
        files = await market.downloads.files(uow, actor, licence_id, version=None)
    except SoukError as error:
        problem = ProblemWords(title=error.title, detail=error.detail)
    certificate = await market.certificates.of_licence(uow, actor, licence_id)
    token = await token_panel(uow, actor, market, licence_id)
    manages = actor.manages(licence.licensee.id)
    mintable = licence.state == "active" and licence.terms.kind != "seats" and manages
    resale, symbols = await resale_of(uow, actor, market, licence_id)
    folder = licence.listing_address.rpartition("/")[2]
    return pages.answer(
        "pages/licence.html",
        shell,
        here=HERE,
        licence=licence,
        files=files,
        certificate=certificate,
        may_certify=actor.manages(licence.licensee.id) and licence.state != "revoked",
        token=token,
        mint_places=(
            await market.tokens.where(uow, actor)
            if token is None and mintable and await market.chains.all(uow)
            else None
        ),
        chain_name=chain_name,
        resale=resale,
        resale_symbols=symbols,
        may_resell=mintable and licence.terms.transferable and token is not None,
        files_problem=None if licence.state != "active" else problem,
        verify_command=f"mp download {licence.listing_address}\nmp verify {folder}",
    )


ROUTES = [library_page, licence_page]
