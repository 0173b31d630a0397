"""Every service that the pages talk to, handed over as one thing."""

from dataclasses import dataclass

from souk.infra.settings import Settings
from souk.web import asset_ports, ports, site_ports
from souk.web.cdn import CdnDesk
from souk.web.front import Front


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The marketplace as its pages see it."""

    settings: Settings
    live: ports.LivePosition
    operations: ports.Operations
    nodes: ports.EdgeNodes
    cdn: CdnDesk
    assets: asset_ports.Assets
    domains: asset_ports.Domains
    sites: site_ports.Sites
    purging: site_ports.Purging
    access: ports.Access
    wallets: ports.Wallets
    dids: ports.Dids
    organisations: ports.Organisations
    billing: ports.BillingApi
    listings: ports.Listings
    editor: ports.Editor
    publisher: ports.Publisher
    offers: ports.OfferDesk
    galleries: ports.Galleries
    version_diffs: ports.VersionDiffs
    version_cids: ports.VersionCids
    evaluations: ports.Evaluations
    quarantine: ports.Quarantine
    ledger: ports.Ledger
    payments: ports.Payments
    rates: ports.Rates
    analytics: ports.Analytics
    analytics_reports: ports.AnalyticsReports
    orders: ports.Orders
    promotions: ports.PromotionDesk
    chain_sales: ports.ChainSales
    chains: ports.Chains
    tokens: ports.Tokens
    asks: ports.Asks
    revenue: ports.RevenueReports
    licences: ports.Licences
    provenance: ports.Provenance
    certificates: ports.Certificates
    lookups: ports.Lookups
    devices: ports.Devices
    protection_choices: ports.ProtectionChoices
    downloads: ports.Downloads
    notices: ports.Notices
    search: ports.Search
    collections: ports.Collections
    recommendations: ports.Recommender
    front: Front
    """The lists of the front page."""
    reviews: ports.Reviews
    moderation: ports.Moderation
    appeals: ports.Appeals
    badges: ports.Badges
    credentials: ports.Credentials
    comparisons: ports.Comparisons
    saved_searches: ports.SavedSearches
    plugins: ports.Plugins
    workspaces: ports.Workspaces
    refund_days: int
    """How long a purchase can be given back."""
