"""Devices that open protected files, and the seller's choice of how files leave."""

from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.web.forms import PageRequest, posted
from souk.web.market import Market
from souk.web.pages.addresses import see_other
from souk.web.pages.listing_view import ListingView
from souk.web.render import Pages
from souk.web.shell import Shell

HERE = "/account/devices"


@get(HERE)
async def devices_page(
    uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """The caller's devices, and the licences that they have keys of."""
    devices = await market.devices.mine(uow, actor)
    return pages.answer("pages/devices.html", shell, here=HERE, devices=devices)


@post("/account/devices/{device_id:str}/revoke")
async def revoke_device(device_id: str, uow: UnitOfWork, actor: Actor, market: Market) -> Redirect:
    """Ends a device."""
    await market.devices.revoke(uow, actor, device_id)
    return see_other(HERE)


@post("/publish/{listing_id:str}/protection")
async def choose_protection(
    listing_id: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Keeps the seller's choice of how a listing's files leave."""
    fields = await posted(request)
    only_devices = fields.get("delivery") == "devices"
    await market.protection_choices.choose(
        uow, actor, listing_id, "devices" if only_devices else "open"
    )
    return see_other(f"/publish/{listing_id}/price")


async def how_files_leave(view: ListingView) -> dict[str, object]:
    """Whether buyers get the files only on devices: the listing page says so beforehand."""
    only = await view.market.protection_choices.only_devices(view.uow, view.listing.id)
    return {"only_devices": only}


ROUTES = [devices_page, revoke_device, choose_protection]
