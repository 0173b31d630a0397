"""Running the CDN: placement."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.delivery.cdn import placement_routes
from souk.delivery.cdn.demand import Demand
from souk.delivery.cdn.fleet import Fleet
from souk.delivery.cdn.placement import PlacementService
from souk.delivery.cdn.placing import EVERY_S as PLACE_EVERY_S
from souk.delivery.cdn.placing import Planner, publish_handler
from souk.delivery.cdn.settings import CdnSettings
from souk.delivery.cdn.slicing import Slicing
from souk.works.listings.api import Listings


@dataclass(frozen=True, slots=True, kw_only=True)
class CdnOperations:
    demand: Demand
    parts: Parts


def wire_cdn_operations(
    core: Core, settings: CdnSettings, *, listings: Listings, fleet: Fleet, slicing: Slicing
) -> CdnOperations:
    demand = Demand(core.database)
    placements = PlacementService(listings=listings, settings=settings)
    planner = Planner(listings=listings, slicing=slicing, fleet=fleet, settings=settings)
    return CdnOperations(
        demand=demand,
        parts=Parts(
            services={"placements": placements},
            routes=placement_routes.ROUTES,
            handlers=[publish_handler()],
            schedules=[Schedule(name="cdn.place", every_s=PLACE_EVERY_S, run=planner.run)],
            process_tasks=[demand.run],
        ),
    )
