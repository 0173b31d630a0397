"""Running the CDN: placement, scaling, figures, alerts."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.delivery.cdn import (
    alert_routes,
    figures_routes,
    placement_routes,
    scaling_routes,
    webhook_routes,
)
from souk.delivery.cdn.alerting import EVERY_S as ALERT_EVERY_S
from souk.delivery.cdn.alerting import Alerting
from souk.delivery.cdn.demand import Demand
from souk.delivery.cdn.figures import Figures
from souk.delivery.cdn.fleet import Fleet
from souk.delivery.cdn.model import is_loopback
from souk.delivery.cdn.placement import PlacementService
from souk.delivery.cdn.placing import EVERY_S as PLACE_EVERY_S
from souk.delivery.cdn.placing import Planner, publish_handler
from souk.delivery.cdn.providers import LocalProvider, NodeProvider
from souk.delivery.cdn.scaler import EVERY_S as SCALE_EVERY_S
from souk.delivery.cdn.scaler import Scaler
from souk.delivery.cdn.scaling import ScalingService
from souk.delivery.cdn.settings import CdnSettings
from souk.delivery.cdn.slicing import Slicing
from souk.delivery.cdn.watching import EVERY_S as WATCH_EVERY_S
from souk.delivery.cdn.watching import Watching
from souk.delivery.cdn.webhooks import Webhooks
from souk.works.listings.api import Listings


@dataclass(frozen=True, slots=True, kw_only=True)
class CdnOperations:
    demand: Demand
    placements: PlacementService
    scaling: ScalingService
    figures: Figures
    alerting: Alerting
    webhooks: Webhooks
    parts: Parts


def wire_cdn_operations(
    core: Core, settings: CdnSettings, *, listings: Listings, fleet: Fleet, slicing: Slicing
) -> CdnOperations:
    demand = Demand(core.database)
    placements = PlacementService(listings=listings, settings=settings)
    planner = Planner(listings=listings, slicing=slicing, fleet=fleet, settings=settings)
    providers = _providers(core, settings)
    scaling = ScalingService(fleet=fleet, providers=providers)
    scaler = Scaler(core.database, fleet=fleet, providers=providers)
    figures = Figures(fleet=fleet, settings=settings)
    watching = Watching(core.database, fleet=fleet)
    alerting = Alerting(fleet=fleet)
    webhooks = Webhooks(core.database, keyring=core.keyring, settings=settings)
    return CdnOperations(
        demand=demand,
        placements=placements,
        scaling=scaling,
        figures=figures,
        alerting=alerting,
        webhooks=webhooks,
        parts=Parts(
            services={
                "placements": placements,
                "scaling": scaling,
                "figures": figures,
                "alerting": alerting,
                "alert_webhooks": webhooks,
            },
            routes=[
                *placement_routes.ROUTES,
                *scaling_routes.ROUTES,
                *figures_routes.ROUTES,
                *alert_routes.ROUTES,
                *webhook_routes.ROUTES,
            ],
            handlers=[publish_handler(), *webhooks.handlers()],
            schedules=[
                Schedule(name="cdn.place", every_s=PLACE_EVERY_S, run=planner.run),
                Schedule(name="cdn.scale", every_s=SCALE_EVERY_S, run=scaler.run),
                Schedule(name="cdn.watch", every_s=WATCH_EVERY_S, run=watching.run),
                Schedule(name="cdn.alerts", every_s=ALERT_EVERY_S, run=alerting.look),
            ],
            process_tasks=[demand.run],
        ),
    )


def _providers(core: Core, settings: CdnSettings) -> dict[str, NodeProvider]:
    """Who can run nodes for this marketplace."""
    general = core.settings
    host = urlsplit(general.base_url).hostname or "127.0.0.1"
    alone = is_loopback(host)
    if not alone and not settings.local_provider:
        return {}
    here = "127.0.0.1" if general.host in {"0.0.0.0", "::"} else general.host  # noqa: S104
    return {
        "local": LocalProvider(
            general.data_path / "edge" / "instances",
            home_url=f"http://{here}:{general.port}",
            host="127.0.0.1" if alone else general.host,
            public_host="127.0.0.1" if alone else host,
            cache_bytes=settings.local_cache_bytes,
        )
    }
