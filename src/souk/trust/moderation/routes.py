"""HTTP: reports, the moderators' queue, appeals."""

from typing import Annotated

from litestar import delete, get, post
from litestar.params import Parameter, QueryParameter

from souk.infra.http.paging import Limit
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import DEFAULT_LIMIT
from souk.trust.moderation.appealing import AppealService
from souk.trust.moderation.service import ModerationService
from souk_client.contracts.base import PageAnswer
from souk_client.contracts.moderation import (
    AppealRequest,
    Case,
    CaseDetail,
    CaseNotice,
    CaseState,
    DecisionRequest,
    Report,
    ReportRequest,
    SubjectKind,
)

_TAGS = ["moderation"]
OfKind = Annotated[SubjectKind | None, Parameter(description="only cases about these")]


@post("/reports", tags=_TAGS)
async def report(
    data: ReportRequest, uow: UnitOfWork, actor: Actor, moderation: ModerationService
) -> Report:
    """Brings something before the moderators; a repeat gives the open report again."""
    return await moderation.report(
        uow,
        actor,
        subject_kind=data.subject_kind,
        subject_id=data.subject_id,
        reason=data.reason,
        text=data.text,
    )


@get("/reports", tags=_TAGS)
async def list_reports(
    uow: UnitOfWork,
    actor: Actor,
    moderation: ModerationService,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[Report]:
    """What the caller reported, newest first."""
    page = await moderation.reports(uow, actor, cursor=cursor, limit=limit)
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@get("/moderation/cases", tags=_TAGS)
async def list_cases(
    uow: UnitOfWork,
    actor: Actor,
    moderation: ModerationService,
    case_state: Annotated[CaseState, QueryParameter(name="state")] = "open",
    kind: OfKind = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[Case]:
    """The queue, the most pressing first. Moderators only."""
    page = await moderation.cases(
        uow, actor, state=case_state, kind=kind, cursor=cursor, limit=limit
    )
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@get("/moderation/cases/{case_id:str}", tags=_TAGS)
async def get_case(
    case_id: str, uow: UnitOfWork, actor: Actor, moderation: ModerationService
) -> CaseDetail:
    """A case with its reports, flags, decisions and appeal. Moderators only."""
    return await moderation.case(uow, actor, case_id)


@post("/moderation/cases/{case_id:str}/claim", tags=_TAGS, status_code=200)
async def claim_case(
    case_id: str, uow: UnitOfWork, actor: Actor, moderation: ModerationService
) -> CaseDetail:
    """Takes a case for a while, so that nobody else works on it. Moderators only."""
    return await moderation.claim(uow, actor, case_id)


@delete("/moderation/cases/{case_id:str}/claim", tags=_TAGS, status_code=200)
async def release_case(
    case_id: str, uow: UnitOfWork, actor: Actor, moderation: ModerationService
) -> CaseDetail:
    """Gives a case back to the queue. Moderators only."""
    return await moderation.release(uow, actor, case_id)


@post("/moderation/cases/{case_id:str}/decisions", tags=_TAGS)
async def decide_case(
    case_id: str,
    data: DecisionRequest,
    uow: UnitOfWork,
    actor: Actor,
    moderation: ModerationService,
) -> CaseDetail:
    """Dismisses, hides, restores or warns, with a reason that those concerned read.

    `hide_reviews` hides what the flags of the case name. Moderators only.
    """
    return await moderation.decide(uow, actor, case_id, data)


@get("/moderation/about-mine", tags=_TAGS)
async def list_about_mine(
    uow: UnitOfWork,
    actor: Actor,
    appeals: AppealService,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageAnswer[CaseNotice]:
    """Decisions about what belongs to the caller's organisations, newest first."""
    page = await appeals.about_mine(uow, actor, cursor=cursor, limit=limit)
    return PageAnswer(items=page.items, next_cursor=page.next_cursor)


@post("/moderation/cases/{case_id:str}/appeal", tags=_TAGS)
async def appeal(
    case_id: str, data: AppealRequest, uow: UnitOfWork, actor: Actor, appeals: AppealService
) -> CaseNotice:
    """Asks for another look at a decision: by the author or a manager, once a case."""
    return await appeals.appeal(uow, actor, case_id, data)


ROUTES = [
    report,
    list_reports,
    list_cases,
    get_case,
    claim_case,
    release_case,
    decide_case,
    list_about_mine,
    appeal,
]
