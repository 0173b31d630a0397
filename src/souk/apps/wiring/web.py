"""Web."""

from dataclasses import dataclass

from souk.apps.wiring.analytics import AnalyticsParts
from souk.apps.wiring.assets import Assets
from souk.apps.wiring.badges import BadgeParts
from souk.apps.wiring.cdn import Cdn
from souk.apps.wiring.certificates import CertificateParts
from souk.apps.wiring.chain_index import ChainIndex
from souk.apps.wiring.chain_sales import ChainSaleParts
from souk.apps.wiring.commerce import Commerce
from souk.apps.wiring.compute import Compute
from souk.apps.wiring.delivery import Delivery
from souk.apps.wiring.discovery import Discovery
from souk.apps.wiring.insight import Insight
from souk.apps.wiring.ipfs import Ipfs
from souk.apps.wiring.live import LiveParts
from souk.apps.wiring.parts import Core, Parts
from souk.apps.wiring.people import People
from souk.apps.wiring.plugins import Plugins
from souk.apps.wiring.protection import ProtectionParts
from souk.apps.wiring.recommendations import RecommendationParts
from souk.apps.wiring.reviews import ReviewParts
from souk.apps.wiring.rights import Rights
from souk.apps.wiring.treasury import Treasury
from souk.apps.wiring.trust import Trust
from souk.apps.wiring.wallets import Wallets
from souk.apps.wiring.works import Works
from souk.commerce.orders.settings import OrderSettings
from souk.infra.http.errors import ErrorPage
from souk.infra.operations.service import Operations
from souk.web.assets import load_assets
from souk.web.brand import brand_of
from souk.web.cdn import CdnDesk
from souk.web.front import Front
from souk.web.live_numbers import number_handlers
from souk.web.market import Market
from souk.web.pages.errors import error_page
from souk.web.render import Pages
from souk.web.routes import page_routes
from souk.web.settings import BrandSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    error_page: ErrorPage
    parts: Parts


def wire_web(
    core: Core,
    *,
    people: People,
    wallets: Wallets,
    plugins: Plugins,
    treasury: Treasury,
    works: Works,
    live: LiveParts,
    rights: Rights,
    certificates: CertificateParts,
    protection: ProtectionParts,
    commerce: Commerce,
    chain_sales: ChainSaleParts,
    chain_index: ChainIndex,
    delivery: Delivery,
    cdn: Cdn,
    assets: Assets,
    ipfs: Ipfs,
    compute: Compute,
    analytics: AnalyticsParts,
    insight: Insight,
    reviews: ReviewParts,
    discovery: Discovery,
    recommendations: RecommendationParts,
    trust: Trust,
    badges: BadgeParts,
) -> Web:
    """The pages over every wing below.

    Raises:
        AssetsMissing: the islands were not built.
        SettingsError: nobody could read the market's own colours, or its logo is no picture.
    """
    pages = Pages(
        load_assets(),
        brand=brand_of(core.load(BrandSettings, "brand")),
        base_url=core.settings.base_url,
    )
    market = Market(
        settings=core.settings,
        live=live.hub,
        operations=Operations(data_path=core.settings.data_path),
        nodes=cdn.fleet,
        cdn=CdnDesk(
            figures=cdn.operations.figures,
            alerting=cdn.operations.alerting,
            scaling=cdn.operations.scaling,
            placements=cdn.operations.placements,
            webhooks=cdn.operations.webhooks,
        ),
        assets=assets.assets,
        domains=assets.domains,
        sites=cdn.sites,
        purging=cdn.purging,
        access=people.access,
        wallets=wallets.wallets,
        dids=wallets.dids,
        organisations=people.organisations,
        billing=people.billing,
        listings=works.listings,
        editor=works.editor,
        publisher=works.publisher,
        offers=works.offers,
        galleries=works.galleries,
        version_diffs=works.version_diffs,
        version_cids=ipfs.version_cids,
        evaluations=compute.evaluations,
        quarantine=works.artifacts,
        ledger=treasury.ledger,
        payments=treasury.payments,
        rates=treasury.rates,
        analytics=analytics.analytics,
        analytics_reports=analytics.reports,
        orders=commerce.orders,
        promotions=commerce.promotions,
        chain_sales=chain_sales.chain_sales,
        chains=chain_index.chains,
        tokens=chain_index.tokens,
        asks=chain_index.asks,
        revenue=commerce.revenue_reports,
        licences=rights.licences,
        provenance=rights.provenance,
        certificates=certificates.certificates,
        lookups=certificates.lookups,
        devices=protection.devices,
        protection_choices=protection.choices,
        downloads=delivery.downloads,
        notices=insight.notices,
        search=discovery.search,
        collections=discovery.collections,
        recommendations=recommendations.recommendations,
        front=Front(
            search=discovery.search,
            listings=works.listings,
            collections=discovery.collections,
            analytics=analytics.analytics,
        ),
        reviews=reviews.reviews,
        moderation=trust.moderation,
        appeals=trust.appeals,
        badges=badges.badges,
        credentials=badges.credentials,
        comparisons=discovery.comparisons,
        saved_searches=discovery.saved_searches,
        plugins=plugins.plugins,
        workspaces=plugins.workspaces,
        refund_days=core.load(OrderSettings, "orders").refund_days,
    )
    return Web(
        error_page=error_page(pages, development=not core.settings.is_production),
        parts=Parts(root_routes=page_routes(market, pages), handlers=number_handlers(core.live)),
    )
