"""HTTP: asking for evaluations, and what came out."""

from litestar import get, post

from souk.compute.evaluation.service import EvaluationService
from souk.infra.http.dependencies import Service
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.works.listings.api import Listings, current_version
from souk_client.contracts.evaluations import (
    Evaluation,
    EvaluationList,
    EvaluationRequest,
    MeasuredMetrics,
)

_TAGS = ["compute"]
_ALL = {"caller": "optional"}


@post("/listings/{listing_id:str}/evaluations", tags=_TAGS, status_code=202)
async def ask_evaluation(
    listing_id: str,
    data: EvaluationRequest,
    uow: UnitOfWork,
    actor: Actor,
    evaluations: EvaluationService,
) -> Evaluation:
    """Asks the marketplace to run a model's current version on a dataset, and to compare."""
    return await evaluations.ask(uow, actor, listing_id, data)


@get("/listings/{listing_id:str}/evaluations", tags=_TAGS, opt=_ALL)
async def list_evaluations(
    listing_id: str, uow: UnitOfWork, actor: Actor, evaluations: EvaluationService
) -> EvaluationList:
    """Runs of a listing, newest first: all of them for its seller, what was verified for others."""
    return EvaluationList(items=await evaluations.of_listing(uow, actor, listing_id))


@get("/evaluations/{evaluation_id:str}", tags=_TAGS, opt=_ALL)
async def get_evaluation(
    evaluation_id: str, uow: UnitOfWork, actor: Actor, evaluations: EvaluationService
) -> Evaluation:
    """One run: with what, on what, and what came out."""
    return await evaluations.get(uow, actor, evaluation_id)


@get("/listings/{listing_id:str}/metrics", tags=_TAGS)
async def measured_metrics(
    listing_id: str,
    uow: UnitOfWork,
    evaluations: EvaluationService,
    listings: Service[Listings],
) -> MeasuredMetrics:
    """The metrics of a listing, each with `verified` where the marketplace got the same figure."""
    listing = await listings.get(uow, listing_id)
    current = current_version(listing)
    return MeasuredMetrics(
        version=current.version if current else None,
        metrics=await evaluations.measured(uow, listing),
    )


ROUTES = [ask_evaluation, list_evaluations, get_evaluation, measured_metrics]
