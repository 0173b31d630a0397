"""What others may ask of comparisons, and what comparisons ask for."""

from collections.abc import Collection, Sequence
from typing import Final, Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.comparisons import ComparedMoney, Comparison

MAX_COMPARED: Final = 6
"""How many listings stand side by side."""


class Comparisons(Protocol):
    """Published listings side by side."""

    async def compare(
        self, uow: UnitOfWork, named: Sequence[str], *, currency: str | None = None
    ) -> Comparison:
        """The listings in the order they are named; one named twice stands once.

        Args:
            named: addresses (`owner/slug`) or ids (`lst_…`).
            currency: to also show prices in, as far as there are rates.

        Raises:
            Invalid: `comparison_empty`, `comparison_too_large`, `currency_unknown`.
            NotFound: `compared_unknown` with the names in `unknown`: those that are not there, or
                not public.
        """
        ...


class Rated(Protocol):
    """A listing's rating, as far as comparing needs it."""

    @property
    def mean(self) -> float:
        """The plain mean of the stars, 1 to 5."""
        ...

    @property
    def bayesian(self) -> float:
        """The mean drawn towards that of all listings while there are few reviews."""
        ...

    @property
    def count(self) -> int:
        """How many reviews."""
        ...


class Ratings(Protocol):
    """Owned here, fulfilled by reviews."""

    async def of(self, uow: UnitOfWork, listing_ids: Collection[str]) -> dict[str, Rated]:
        """Ratings by listing; one without reviews is left out."""
        ...


class Exchange(Protocol):
    """Owned here, fulfilled by the rates."""

    async def convert(
        self, uow: UnitOfWork, amount_minor: int, currency: str, to: str
    ) -> ComparedMoney | None:
        """The amount in another currency with the date of the rate; None without a rate."""
        ...
