"""What others may ask of comparisons."""

from collections.abc import Sequence
from typing import Final, Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.comparisons import Comparison

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
            currency: to also show prices in, as far as there are fresh rates; when left out and
                prices are in several, they are converted to the first listing's.

        Raises:
            Invalid: `comparison_empty`, `comparison_too_large`, `currency_unknown`.
            NotFound: `compared_unknown` with the names in `unknown`: those that are not there, or
                not public.
        """
        ...
