"""What the pages need of each context, as Protocols that the contexts' services fulfil.

Where a context's `api.py` offers it, that is used; the rest are use cases that its routes have too.
"""

from typing import Literal, Protocol

from souk.commerce.chain_sales.api import ChainSales
from souk.commerce.orders.api import Orders
from souk.commerce.promotions.api import PromotionDesk
from souk.compute.evaluation.api import Evaluations
from souk.discovery.alerts.api import SavedSearches
from souk.discovery.collections.api import Collections
from souk.discovery.comparisons.api import Comparisons
from souk.discovery.recommendations.api import Recommender
from souk.discovery.reviews.api import Reviews
from souk.discovery.search.api import Search
from souk.infra.operations.api import ScheduleFacts, System, WorkflowRun
from souk.infra.outbox.store import DeadLetter
from souk.infra.postgres.uow import UnitOfWork
from souk.insight.analytics.api import Analytics, AnalyticsReports
from souk.insight.notifications.api import Notices
from souk.kernel.actor import Actor
from souk.kernel.paging import Page
from souk.people.access.api import AccessApi
from souk.people.organisations.api import (
    BillingApi,
    InvitationFacts,
    OrganisationEntry,
    OrganisationsApi,
)
from souk.people.wallets.api import Dids, Wallets
from souk.rights.certificates.api import Certificates
from souk.rights.chain_index.api import Asks, Chains, Tokens
from souk.rights.licences.api import Licences
from souk.rights.lookups.api import Lookups
from souk.rights.protection.api import Devices, ProtectionChoices
from souk.rights.provenance.api import Provenance
from souk.treasury.ledger.api import Ledger
from souk.treasury.payments.api import Payments
from souk.treasury.rates.api import Rates
from souk.trust.badges.api import Badges, Credentials
from souk.trust.moderation.api import Appeals, Moderation
from souk.works.galleries.api import Galleries
from souk.works.listings.api import Listings
from souk.works.plugins.api import Plugins, Workspaces
from souk_client.contracts.cdn import Region
from souk_client.contracts.commerce import Revenue
from souk_client.contracts.delivery import LicensedFiles
from souk_client.contracts.people import User
from souk_client.contracts.versions import VersionDiff
from souk_client.contracts.works import (
    Artifact,
    Listing,
    ListingRequest,
    ListingUpdate,
    Offer,
    OfferRequest,
    OfferUpdate,
    Version,
    VersionRequest,
)

__all__ = [
    "Access",
    "Analytics",
    "AnalyticsReports",
    "Appeals",
    "Asks",
    "Badges",
    "BillingApi",
    "Certificates",
    "ChainSales",
    "Chains",
    "Collections",
    "Comparisons",
    "Credentials",
    "DeadLetter",
    "Devices",
    "Dids",
    "Evaluations",
    "Galleries",
    "Ledger",
    "Licences",
    "Listings",
    "Lookups",
    "Moderation",
    "Notices",
    "Orders",
    "Organisations",
    "Payments",
    "Plugins",
    "PromotionDesk",
    "ProtectionChoices",
    "Provenance",
    "Rates",
    "Recommender",
    "Reviews",
    "SavedSearches",
    "Search",
    "Tokens",
    "Wallets",
    "Workspaces",
]

MemberRole = Literal["owner", "manager", "member"]


class LivePosition(Protocol):
    """Where live messages stand in this process."""

    @property
    def position(self) -> int:
        """What was said up to here had committed before now."""
        ...


class Access(AccessApi, Protocol):
    """Accounts and sessions."""

    async def change_password(
        self, uow: UnitOfWork, actor: Actor, *, current: str, new: str
    ) -> None:
        """Replaces the password and ends every session."""
        ...

    async def update_me(
        self, uow: UnitOfWork, actor: Actor, *, name: str | None, bio: str | None
    ) -> User:
        """Changes the caller's profile."""
        ...

    async def users(
        self, uow: UnitOfWork, actor: Actor, *, query: str, cursor: str | None, limit: int
    ) -> Page[User]:
        """Admin: users, newest first."""
        ...

    async def set_roles(
        self, uow: UnitOfWork, actor: Actor, user_id: str, *, roles: list[str]
    ) -> User:
        """Admin: what a user may do."""
        ...


class Organisations(OrganisationsApi, Protocol):
    """Organisations and who belongs to them."""

    async def invite(
        self, uow: UnitOfWork, actor: Actor, organisation_id: str, *, email: str, role: str
    ) -> InvitationFacts:
        """Asks somebody to join."""
        ...

    async def my_invitations(self, uow: UnitOfWork, actor: Actor) -> list[InvitationFacts]:
        """What has come in for the caller's e-mail address."""
        ...

    async def answer(
        self, uow: UnitOfWork, actor: Actor, invitation_id: str, *, accept: bool
    ) -> InvitationFacts:
        """Joins, or declines to."""
        ...

    async def remove(
        self, uow: UnitOfWork, actor: Actor, organisation_id: str, user_id: str
    ) -> None:
        """Removes a member, or lets the caller leave."""
        ...

    async def directory(
        self, uow: UnitOfWork, actor: Actor, *, query: str, cursor: str | None, limit: int
    ) -> Page[OrganisationEntry]:
        """Admin: organisations, newest first."""
        ...


class EdgeNodes(Protocol):
    """The nodes of the CDN."""

    async def regions(self, uow: UnitOfWork, actor: Actor, *, region: str | None) -> list[Region]:
        """Regions with their nodes, all or one."""
        ...

    async def change(self, uow: UnitOfWork, actor: Actor, node_id: str, *, state: str) -> None:
        """Drains a node, lets it serve again, or removes it."""
        ...


class Operations(Protocol):
    """What the operator sees of the running marketplace, and does about it."""

    async def system(self, uow: UnitOfWork, actor: Actor) -> System:
        """Everything at this moment."""
        ...

    async def schedules(self, uow: UnitOfWork, actor: Actor) -> list[ScheduleFacts]:
        """Every schedule with its last run."""
        ...

    async def workflows(self, uow: UnitOfWork, actor: Actor, *, limit: int) -> list[WorkflowRun]:
        """Durable workflows, the unfinished and failed ones first."""
        ...

    async def dead_letters(
        self, uow: UnitOfWork, actor: Actor, *, cursor: str | None, limit: int
    ) -> Page[DeadLetter]:
        """Deliveries that were given up, newest first."""
        ...

    async def retry(self, uow: UnitOfWork, actor: Actor, *, event_id: str, handler: str) -> None:
        """Gives a dead delivery another set of attempts."""
        ...

    async def discard(self, uow: UnitOfWork, actor: Actor, *, event_id: str, handler: str) -> None:
        """Gives a dead delivery up for good."""
        ...


class VersionDiffs(Protocol):
    """What changed between versions."""

    async def diff(
        self, uow: UnitOfWork, listing_id: str, *, from_version: str, to_version: str
    ) -> VersionDiff:
        """Files, metrics and card of two versions side by side."""
        ...


class VersionCids(Protocol):
    """The names of versions in IPFS."""

    async def root_of(self, uow: UnitOfWork, version_id: str) -> str | None:
        """The CID of a published version as a folder; None when it has none yet."""
        ...


class Editor(Protocol):
    """The words of a listing."""

    async def create(self, uow: UnitOfWork, actor: Actor, request: ListingRequest) -> Listing:
        """A new draft."""
        ...

    async def edit(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, update: ListingUpdate
    ) -> Listing:
        """Changes what is not left out."""
        ...

    async def retire(self, uow: UnitOfWork, actor: Actor, listing_id: str) -> Listing:
        """Takes it off the market; who owns a licence keeps it."""
        ...


class Publisher(Protocol):
    """Versions, and making them public."""

    async def add_version(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, request: VersionRequest
    ) -> Version:
        """Names a tree of files."""
        ...

    async def publish(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, *, version: str | None = None
    ) -> Listing:
        """Shows the newest version to everyone."""
        ...

    async def make_current(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, version: str
    ) -> Listing:
        """Buyers get this published version from now on."""
        ...


class OfferDesk(Protocol):
    """Prices."""

    async def add(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, request: OfferRequest
    ) -> Offer:
        """A new offer of an edition that has none."""
        ...

    async def change(
        self, uow: UnitOfWork, actor: Actor, offer_id: str, update: OfferUpdate
    ) -> Offer:
        """Puts a new offer in the place of this one."""
        ...

    async def withdraw(self, uow: UnitOfWork, actor: Actor, offer_id: str) -> None:
        """Ends an offer; a published listing keeps at least one."""
        ...


class Quarantine(Protocol):
    """Files that failed the scan."""

    async def quarantine(
        self, uow: UnitOfWork, actor: Actor, *, cursor: str | None, limit: int
    ) -> Page[Artifact]:
        """Admin: newest first, with the reasons."""
        ...

    async def release(self, uow: UnitOfWork, actor: Actor, sha256: str, *, reason: str) -> Artifact:
        """Moderators: lets a file through, with the reason on record."""
        ...


class Downloads(Protocol):
    """Licensed files."""

    async def files(
        self, uow: UnitOfWork, actor: Actor, licence_id: str, *, version: str | None
    ) -> LicensedFiles:
        """The files that a licence opens, each with an address that works for a short time."""
        ...


class RevenueReports(Protocol):
    """What sales brought in."""

    async def revenue(
        self, uow: UnitOfWork, actor: Actor, *, organisation_id: str | None, days: int
    ) -> Revenue:
        """By day and by listing."""
        ...
