"""What other contexts may ask of evaluations."""

from collections.abc import Collection, Sequence
from typing import Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.evaluations import Evaluation, EvaluationRequest, MeasuredMetric
from souk_client.contracts.works import Listing

__all__ = ["Evaluation", "EvaluationRequest", "Evaluations", "MeasuredMetric"]


class Evaluations(Protocol):
    """Metrics that the marketplace has measured again itself."""

    async def ask(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, request: EvaluationRequest
    ) -> Evaluation:
        """Queues a run of the listing's current version on a dataset.

        Raises:
            NotFound: `listing_unknown`. Forbidden: `not_listing_manager`.
            Conflict: `nothing_to_verify`. Invalid: `attachment_invalid`.
            TooMany: `evaluations_waiting`.
        """
        ...

    async def of_listing(self, uow: UnitOfWork, actor: Actor, listing_id: str) -> list[Evaluation]:
        """Runs of a listing, newest first: all of them for its seller, verified ones for others."""
        ...

    async def get(self, uow: UnitOfWork, actor: Actor, evaluation_id: str) -> Evaluation:
        """One run. Raises NotFound `evaluation_unknown`."""
        ...

    async def measured(self, uow: UnitOfWork, listing: Listing) -> list[MeasuredMetric]:
        """The listing's metrics as they stand, each with its verification where there is one.

        A verification counts for the version that buyers get and for the figure that was compared:
        a new version, or another figure, has to be verified again.
        """
        ...

    async def measured_each(
        self, uow: UnitOfWork, listings: Sequence[Listing]
    ) -> dict[str, list[MeasuredMetric]]:
        """What `measured` says of several listings, by the listing's id, in one look-up."""
        ...

    async def verified_names(
        self, uow: UnitOfWork, listing_ids: Collection[str]
    ) -> dict[str, list[str]]:
        """Names of metrics that some run of each listing verified, by listing."""
        ...
