"""Compute."""

from dataclasses import dataclass

from souk.apps.wiring.parts import Core, Parts, Schedule
from souk.compute.evaluation import routes
from souk.compute.evaluation.running import Evaluator, evaluation_handler, restart_overdue
from souk.compute.evaluation.service import EvaluationService
from souk.compute.evaluation.settings import EvaluationSettings
from souk.infra.postgres.uow import UnitOfWork
from souk.rights.licences.api import Licences
from souk.works.artifacts.api import Artifacts
from souk.works.listings.api import Listings


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    evaluations: EvaluationService
    parts: Parts


def wire_compute(
    core: Core, *, listings: Listings, licences: Licences, artifacts: Artifacts
) -> Compute:
    settings = core.load(EvaluationSettings, "evaluation")
    evaluations = EvaluationService(listings=listings, licences=licences, settings=settings)
    evaluator = Evaluator(
        core.database,
        artifacts,
        listings,
        settings=settings,
        folder=core.settings.data_path / "evaluations",
    )

    async def restart(uow: UnitOfWork) -> None:
        await restart_overdue(uow, core.workflows)

    return Compute(
        evaluations=evaluations,
        parts=Parts(
            services={"evaluations": evaluations},
            routes=routes.ROUTES,
            handlers=[evaluation_handler(core.workflows)],
            workflows=[evaluator.workflow()],
            schedules=[Schedule(name="compute.restart_evaluations", every_s=600, run=restart)],
        ),
    )
