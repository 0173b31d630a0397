"""Sites of the caller's organisations: an origin put behind the CDN, its names, rules, purges."""

import re
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, Posted, posted, read
from souk.web.market import Market
from souk.web.pages.acting import acting
from souk.web.pages.addresses import see_other, with_query
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.cdn import PurgeRequest
from souk_client.contracts.sites import Site, SiteRequest, SiteRules, SiteUpdate

HERE: Final = "/account/sites"
QUERIES: Final = (
    ("keep", "as it is sent"),
    ("sort", "in a fixed order"),
    ("ignore", "not at all"),
)
_RULES: Final = (
    "default_ttl_s",
    "query",
    "stale_while_revalidate_s",
    "stale_if_error_s",
    "max_stale_s",
)
_FIELDS: Final = {"upstream_invalid": "upstream", "host_taken": "hosts"}


@get(HERE)
async def sites_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Every site with its names and state, and the form for another."""
    facts = await _facts(request, uow, actor, market)
    return pages.answer("pages/sites.html", shell, form=Form(), **facts)


@post(HERE)
async def add_site(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Puts an origin behind the CDN."""
    fields = await posted(request)
    facts = await _facts(request, uow, actor, market, chosen=fields.get("organisation"))
    wanted, errors = read(
        SiteRequest,
        {
            "name": fields.get("name"),
            "upstream": fields.get("upstream"),
            "hosts": _listed(fields.get("hosts")),
            "organisation_id": facts["who"].organisation_id,
        },
    )
    form = Form(values=fields.form().values, errors=_plain(errors))
    status = 422
    if wanted is not None:
        try:
            site = await market.sites.create(uow, actor, wanted)
            return see_other(f"{HERE}/{site.id}")
        except SoukError as error:
            form, status = form.refused(error, _FIELDS), error.status
    return pages.answer("pages/sites.html", shell, status=status, form=form, **facts)


@get("/account/sites/{site_id:str}")
async def site_page(
    site_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """One site: its address at the nodes, origin, names and rules."""
    site = await market.sites.get(uow, actor, site_id)
    asked = request.query_params
    told = asked.get("nodes", "")
    purged = (int(asked.get("confirmed", "0")[:4] or 0), int(told)) if told.isdecimal() else None
    return _site(pages, shell, site, actor, form=_form_of(site), purged=purged)


@post("/account/sites/{site_id:str}")
async def change_site(
    site_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Changes a site; other bytes at the origin empty the nodes' caches of it."""
    fields = await posted(request)
    site = await market.sites.get(uow, actor, site_id)
    rules, errors = read(SiteRules, _rule_values(fields))
    values: dict[str, Any] = {  # as the form has them, of several types
        "name": fields.get("name"),
        "hosts": _listed(fields.get("hosts")),
    }
    if site.kind == "origin":
        values["upstream"] = fields.get("upstream")
    wanted, more = read(SiteUpdate, values)
    form = Form(values=fields.form().values, errors=_plain({**errors, **more}))
    status = 422
    if wanted is not None and rules is not None:
        change = SiteUpdate(
            name=wanted.name, upstream=wanted.upstream, hosts=wanted.hosts, rules=rules
        )
        try:
            await market.sites.change(uow, actor, site_id, change)
            return see_other(f"{HERE}/{site_id}")
        except SoukError as error:
            form, status = form.refused(error, _FIELDS), error.status
    return _site(pages, shell, site, actor, form=form, status=status)


@post("/account/sites/{site_id:str}/purge")
async def purge_site(site_id: str, request: PageRequest, actor: Actor, market: Market) -> Redirect:
    """Lets every node forget the site, or what lies below a path of it."""
    fields = await posted(request)
    path = fields.get("below").strip().lstrip("/")[:2000]
    wanted = (
        PurgeRequest(kind="prefix", value=f"/s/{site_id}/{path}")
        if path
        else PurgeRequest(kind="tag", value=f"site:{site_id}")
    )
    purge = await market.purging.purge(actor, wanted)
    confirmed = sum(node.confirmed for node in purge.nodes)
    counts = {"nodes": str(len(purge.nodes)), "confirmed": str(confirmed)}
    return see_other(with_query(f"{HERE}/{site_id}", counts))


@post("/account/sites/{site_id:str}/remove")
async def remove_site(
    site_id: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Takes a site away; nodes forget it."""
    await market.sites.remove(uow, actor, site_id)
    return see_other(HERE)


def _site(
    pages: Pages,
    shell: Shell,
    site: Site,
    actor: Actor,
    *,
    form: Form,
    status: int = 200,
    purged: tuple[int, int] | None = None,
) -> Response[str]:
    return pages.answer(
        "pages/site.html",
        shell,
        status=status,
        here=HERE,
        site=site,
        form=form,
        manages=actor.manages(site.organisation_id),
        queries=QUERIES,
        purged=purged,
    )


def _form_of(site: Site) -> Form:
    rules = site.rules
    return Form(
        values={
            "name": site.name,
            "upstream": site.upstream,
            "hosts": "\n".join(host.host for host in site.hosts),
            "bypass_cookies": " ".join(rules.bypass_cookies),
            "methods": " ".join(rules.methods),
            **{name: str(getattr(rules, name)) for name in _RULES},
        }
    )


def _rule_values(fields: Posted) -> dict[str, object]:
    return {
        **{name: fields.get(name) for name in _RULES},
        "bypass_cookies": _listed(fields.get("bypass_cookies")),
        "methods": [name.upper() for name in _listed(fields.get("methods"))],
    }


def _listed(text: str) -> list[str]:
    """Words of a field, separated by spaces, commas or lines."""
    return [word for word in re.split(r"[\s,;]+", text[:4000]) if word]


def _plain(errors: dict[str, str]) -> dict[str, str]:
    words = {
        "upstream": "Write an address such as https://origin.example.org.",
        "hosts": "Write names such as www.example.org, one a line.",
    }
    return {name: words.get(name, text) for name, text in errors.items()}


async def _facts(
    request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market, *, chosen: str = ""
) -> dict[str, Any]:
    who = await acting(request, uow, actor, market, chosen=chosen)
    return {
        "here": HERE,
        "who": who,
        "sites": await market.sites.all(uow, actor, organisation_id=who.organisation_id),
        "manages": actor.manages(who.organisation_id),
    }


ROUTES = [sites_page, add_site, site_page, change_site, purge_site, remove_site]
