"""How available the CDN was, what it will need, and what it costs."""

import re
from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Invalid, SoukError
from souk.web.forms import Form, PageRequest, posted
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.cdn_figures import CdnPrice, CdnPricesRequest

TABS: Final = "/admin/cdn"
HERE: Final = "/admin/cdn/report"
DAYS: Final = 7
_NUMBER: Final = re.compile(r"\d{1,3}(\.\d{1,6})?")
_CURRENCY: Final = re.compile(r"[A-Z]{3,5}")


@get(HERE)
async def report_page(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Availability by month, the forecast of a week, prices."""
    prices = await market.cdn.figures.prices(uow, actor)
    values = {"currency": prices.currency or "USD"}
    for one in prices.prices:
        values[f"egress-{one.region}"] = _text(one.egress_micros_per_gb)
        values[f"hour-{one.region}"] = _text(one.hour_micros)
    month = request.query_params.get("month") or None
    return await _page(uow, actor, shell, pages, market, form=Form(values=values), month=month)


@post(HERE, status_code=200)
async def set_prices(
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Sets every price anew."""
    fields = await posted(request)
    form = fields.form()
    regions = await market.nodes.regions(uow, actor, region=None)
    try:
        prices = [
            CdnPrice(
                region=name,
                egress_micros_per_gb=_micros(fields.get(f"egress-{name}", "0")),
                hour_micros=_micros(fields.get(f"hour-{name}", "0")),
            )
            for name in ("", *(region.name for region in regions))
        ]
        currency = fields.get("currency").upper()
        if not _CURRENCY.fullmatch(currency):
            raise Invalid("cdn_prices_invalid", "A currency is like USD or EUR.")
        wanted = CdnPricesRequest(currency=currency, prices=prices)
        await market.cdn.figures.set_prices(uow, actor, wanted)
        return see_other(HERE)
    except SoukError as error:
        form = form.refused(error)
    return await _page(uow, actor, shell, pages, market, form=form, month=None)


async def _page(
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
    *,
    form: Form,
    month: str | None,
) -> Response[str]:
    regions = await market.nodes.regions(uow, actor, region=None)
    report = await market.cdn.figures.availability(uow, actor, month=month)
    forecast = await market.cdn.figures.forecast(uow, actor, region="", days=DAYS)
    urls = {node.id: node.url for region in regions for node in region.nodes}
    highest = max((point.high for point in forecast.node_load), default=0.0)
    return pages.answer(
        "pages/admin/cdn_report.html",
        shell,
        status=422 if form.problem else 200,
        here=TABS,
        at=HERE,
        places=[("", "Home's own line"), *((region.name, region.title) for region in regions)],
        report=report,
        urls=urls,
        forecast=forecast,
        highest=highest,
        form=form,
    )


def _micros(text: str) -> int:
    """Millionths of what somebody typed, such as `0.085`. Raises Invalid."""
    if not _NUMBER.fullmatch(text or "0"):
        raise Invalid(
            "cdn_prices_invalid", f"{text!r} is no price; one is like 0.085, below 1,000."
        )
    whole, _, rest = (text or "0").partition(".")
    return int(whole) * 1_000_000 + int(rest.ljust(6, "0"))


def _text(micros: int) -> str:
    return f"{micros / 1_000_000:.6f}".rstrip("0").rstrip(".")


ROUTES = [report_page, set_prices]
