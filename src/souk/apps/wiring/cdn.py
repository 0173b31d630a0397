"""The CDN's control plane."""

from dataclasses import dataclass

from souk.apps.wiring.cdn_operations import CdnOperations, wire_cdn_operations
from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.delivery.cdn import node_routes, routes, site_routes
from souk.delivery.cdn.fleet import Fleet
from souk.delivery.cdn.jobs import Forgetting, revocation_handler
from souk.delivery.cdn.origin import Origin
from souk.delivery.cdn.places import Places
from souk.delivery.cdn.purging import Purging
from souk.delivery.cdn.routing import Routing
from souk.delivery.cdn.sending import Sending
from souk.delivery.cdn.service import CdnService
from souk.delivery.cdn.settings import CdnSettings
from souk.delivery.cdn.signing import EdgeTickets
from souk.delivery.cdn.sites import SiteService
from souk.delivery.cdn.slicing import Slicing
from souk.delivery.cdn.telling import Telling
from souk.rights.licences.api import Licences
from souk.works.artifacts.api import Artifacts
from souk.works.listings.api import Listings

FORGET_EVERY_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Cdn:
    cdn: CdnService
    fleet: Fleet
    sites: SiteService
    routing: Routing
    telling: Telling
    purging: Purging
    operations: CdnOperations
    parts: Parts


def wire_cdn(core: Core, *, listings: Listings, licences: Licences, artifacts: Artifacts) -> Cdn:
    settings = core.load(CdnSettings, "cdn")
    signing = EdgeTickets(core.keyring)
    fleet = Fleet(keyring=core.keyring, settings=settings, home_url=core.settings.base_url)
    slicing = Slicing(core.database, artifacts, settings)
    places = Places(settings.country_data)
    routing = Routing(core.database, fleet=fleet, places=places, settings=settings)
    telling = Telling(core.database, keyring=core.keyring, fleet=fleet, settings=settings)
    cdn = CdnService(listings=listings, telling=telling, routing=routing, signing=signing)
    sites = SiteService(telling=telling, settings=settings)
    origin = Origin(signing=signing, licences=licences, artifacts=artifacts, slicing=slicing)
    operations = wire_cdn_operations(
        core, settings, listings=listings, fleet=fleet, slicing=slicing
    )
    nearby = Sending(
        core.database,
        listings=listings,
        licences=licences,
        routing=routing,
        slicing=slicing,
        signing=signing,
        demand=operations.demand,
    )
    extra = operations.parts
    return Cdn(
        cdn=cdn,
        fleet=fleet,
        sites=sites,
        routing=routing,
        telling=telling,
        purging=Purging(core.database, cdn=cdn, telling=telling),
        operations=operations,
        parts=Parts(
            services={
                "cdn": cdn,
                "fleet": fleet,
                "routing": routing,
                "telling": telling,
                "sites": sites,
                "origin": origin,
                "nearby": nearby,
                **extra.services,
            },
            routes=[*routes.ROUTES, *site_routes.ROUTES, *extra.routes],
            root_routes=node_routes.ROUTES,
            handlers=[revocation_handler(telling), *extra.handlers],
            schedules=[
                Schedule(name="cdn.forget", every_s=FORGET_EVERY_S, run=Forgetting(settings).run),
                *extra.schedules,
            ],
            process_tasks=extra.process_tasks,
            worker_tasks=extra.worker_tasks,
            on_close=[*extra.on_close, telling.close, slicing.close, routing.close],
        ),
    )
