"""Assets of the caller's organisations: put, looked through, deleted."""

import secrets
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.acting import acting
from souk.web.pages.addresses import paging, see_other, with_query
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.assets import AssetRequest

HERE: Final = "/account/assets"
PAGE_SIZE: Final = 50
_FIELDS: Final = {"asset_path_invalid": "folder"}


@get(HERE)
async def assets_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """What is there, and the place to drop more on."""
    facts = await _facts(request, uow, actor, market)
    return pages.answer("pages/assets.html", shell, here=HERE, form=Form(), **facts)


@post(HERE)
async def put_assets(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Puts the files that the browser has uploaded; all of them or none."""
    fields = await posted(request)
    chosen = fields.get("organisation")
    facts = await _facts(request, uow, actor, market, chosen=chosen, key=fields.get("key"))
    form = fields.form()
    folder = fields.get("folder").strip("/")
    wanted = list(zip(fields.all("path"), fields.all("sha256"), strict=False))
    if not wanted:
        words = {"files": "Add at least one file and wait until it is checked."}
        form = Form(values=form.values, errors=words)
        return _refused(pages, shell, facts, form, status=422)
    for path, sha256 in wanted:
        values = {
            "path": f"{folder}/{path}" if folder else path,
            "sha256": sha256,
            "organisation_id": facts["who"].organisation_id,
        }
        wish, errors = read(AssetRequest, values)
        if wish is None:
            form = Form(values=form.values, errors={"folder": "; ".join(errors.values())})
            return _refused(pages, shell, facts, form, status=422)
        try:
            await market.assets.put(uow, actor, wish)
        except SoukError as error:
            return _refused(pages, shell, facts, form.refused(error, _FIELDS), status=error.status)
    return see_other(with_query(HERE, {"organisation": facts["who"].query}))


@post("/account/assets/{asset_id:str}/delete")
async def delete_asset(
    asset_id: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Takes an asset away, here and at every node."""
    fields = await posted(request)
    await market.assets.remove(uow, actor, asset_id)
    return see_other(with_query(HERE, {"organisation": fields.get("organisation")[:40]}))


async def _facts(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    market: Market,
    *,
    chosen: str = "",
    key: str = "",
) -> dict[str, Any]:
    who = await acting(request, uow, actor, market, chosen=chosen)
    prefix = request.query_params.get("prefix", "")[:512]
    cursor = request.query_params.get("cursor")
    page = await market.assets.listed(
        uow,
        actor,
        organisation_id=who.organisation_id,
        prefix=prefix,
        cursor=cursor,
        limit=PAGE_SIZE,
    )
    return {
        "who": who,
        "files": page.items,
        "prefix": prefix,
        "ends": paging(HERE, cursor, page.next_cursor, prefix=prefix, organisation=who.query),
        "usage": await market.assets.usage(uow, actor, organisation_id=who.organisation_id),
        "upload_key": key or secrets.token_hex(8),
    }


def _refused(
    pages: Pages, shell: Shell, facts: dict[str, Any], form: Form, *, status: int
) -> Response[str]:
    return pages.answer("pages/assets.html", shell, status=status, here=HERE, form=form, **facts)


ROUTES = [assets_page, put_assets, delete_asset]
