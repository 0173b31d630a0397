"""What other contexts may tell analytics, and ask of it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, Protocol

import msgspec

from souk.infra.http.visits import Visit, visit_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import Page
from souk_client.contracts.analytics import AnalyticsReport, Grain, ListingAnalytics

__all__ = [
    "Analytics",
    "AnalyticsReport",
    "AnalyticsReports",
    "CheckoutStarted",
    "Fact",
    "FavouriteAdded",
    "Interaction",
    "InteractionKind",
    "ListingAnalytics",
    "ListingNumbers",
    "ListingViewed",
    "Range",
    "SearchClicked",
    "Searched",
    "Trending",
    "Visit",
    "visit_of",
]

InteractionKind = Literal["view", "click", "checkout", "download", "order", "favourite"]


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something a visitor did; `visit_of(request)` gives the visit."""

    visit: Visit


class ListingViewed(Fact, frozen=True, kw_only=True):
    """The page (or the answer of the API) of a listing was shown.

    Where the visitor came from is read from the request; coming from our own search also counts as
    a click on a result, with its words.
    """

    listing_id: str


class Searched(Fact, frozen=True, kw_only=True):
    """A search was answered."""

    query: str
    """As it was typed; it is normalised before it is kept."""
    result_count: int


class SearchClicked(Fact, frozen=True, kw_only=True):
    """A listing was chosen from results by other means than opening its page (which says it)."""

    listing_id: str
    query: str


class CheckoutStarted(Fact, frozen=True, kw_only=True):
    """The checkout of a listing was shown."""

    listing_id: str


class FavouriteAdded(Fact, frozen=True, kw_only=True):
    """A listing was made a favourite."""

    listing_id: str


class Trending(msgspec.Struct, frozen=True):
    """A listing and how much it is wanted now; only comparisons of scores mean something."""

    listing_id: str
    score: float


class ListingNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of a listing over the last 30 days."""

    views: int = 0
    visitors: int = 0
    """Sum of the different visitors of each day: ids do not outlive their day."""
    orders: int = 0
    downloads: int = 0
    conversion: float = 0.0
    """Orders for each visitor, 0 to 1."""


class Interaction(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that one person did with one listing."""

    cursor: str
    """To read on from here: `after`."""
    person: str
    """A user's id (`usr_…`), or a visitor's id that holds for one day only (`vis_…`)."""
    listing_id: str
    kind: InteractionKind
    weight: float
    """How much it says: a view 1, a sale 8."""
    at: datetime


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """Days as they were asked for, both included; the last 30 when nothing was."""

    since: date | None = None
    until: date | None = None
    grain: Grain = "day"


class Analytics(Protocol):
    """What people look at, search for and buy."""

    def record(self, fact: Fact) -> None:
        """Takes a fact; it reaches the database about half a second later.

        Never waits and never fails: when too much comes in at once, facts are dropped and counted
        in the metric `souk_analytics_dropped_total`. Robots, a seller's own people, refreshed parts
        of a page (htmx), and visitors who ask not to be tracked (DNT, Sec-GPC) are not counted.
        """
        ...

    async def trending(
        self,
        uow: UnitOfWork,
        *,
        kind: str | None = None,
        category: str | None = None,
        limit: int,
    ) -> list[Trending]:
        """What is wanted now, the most first; cached for 300 s."""
        ...

    async def trending_scores(
        self, uow: UnitOfWork, listing_ids: Sequence[str]
    ) -> dict[str, float]:
        """The scores of these listings; those that do not trend are left out."""
        ...

    async def listing_numbers(
        self, uow: UnitOfWork, listing_ids: Sequence[str]
    ) -> dict[str, ListingNumbers]:
        """The last 30 days of each listing; one without any fact has zeros."""
        ...

    async def interactions(
        self, uow: UnitOfWork, *, after: str | None = None, limit: int = 1000
    ) -> list[Interaction]:
        """Interactions in the order in which they became visible, none missed, none twice.

        Args:
            uow: in the system's scope.
            after: the `cursor` of the last one read; None for all that are kept.
        """
        ...

    async def forget_user(self, uow: UnitOfWork, user_id: str) -> int:
        """Takes a user's id off every fact (system scope); answers how many facts named it."""
        ...


class AnalyticsReports(Protocol):
    """Numbers for sellers."""

    async def of_organisation(
        self, uow: UnitOfWork, actor: Actor, organisation_id: str | None, asked: Range
    ) -> AnalyticsReport:
        """All listings of an organisation of the caller's."""
        ...

    async def of_listing(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, asked: Range
    ) -> AnalyticsReport:
        """One listing of an organisation of the caller's."""
        ...

    async def listings(
        self,
        uow: UnitOfWork,
        actor: Actor,
        organisation_id: str | None,
        asked: Range,
        *,
        cursor: str | None,
        limit: int,
    ) -> Page[ListingAnalytics]:
        """By listing, the most views first."""
        ...
