"""Reporting things, what came of it, and appealing what was decided about one's own."""

from typing import Final, cast, get_args

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import NotFound, SoukError
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.addresses import paging, see_other
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.moderation import AppealRequest, ReportRequest, SubjectKind

REASONS: Final = {
    "spam": "Spam, or an advertisement",
    "fake": "Fake: it is not what it says",
    "offensive": "Offensive or hateful",
    "misleading": "Misleading claims or metrics",
    "copyright": "It is somebody else's work",
    "malware": "It holds something harmful",
    "privacy": "It shows personal data",
    "illegal": "Against the law in another way",
    "other": "Something else",
}
ACTIONS: Final = {
    "dismiss": "Nothing to act on",
    "hide": "Taken down",
    "hide_reviews": "Flagged reviews taken down",
    "restore": "Restored",
    "warn": "Warned",
}
PAGE_SIZE: Final = 30


@get("/report/{kind:str}/{subject_id:str}")
async def report_page(
    kind: str,
    subject_id: str,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """What is wrong with it?"""
    actor.require_user()
    subject = await market.moderation.subject(uow, _kind(kind), subject_id)
    return pages.answer(
        "pages/report.html", shell, subject=subject, reasons=REASONS, form=Form(), sent=None
    )


@post("/report/{kind:str}/{subject_id:str}")
async def send_report(
    kind: str,
    subject_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str]:
    """Sends the report, and says what happens next."""
    actor.require_user()
    fields = await posted(request)
    subject = await market.moderation.subject(uow, _kind(kind), subject_id)
    values = {"subject_kind": kind, "subject_id": subject_id}
    wish, errors = read(
        ReportRequest, {**values, "reason": fields.get("reason"), "text": fields.get("text")}
    )
    form, status, sent = fields.form(), 422, None
    if "reason" in errors:
        errors = {**errors, "reason": "Choose a reason."}
    if wish is not None:
        try:
            sent = await market.moderation.report(
                uow,
                actor,
                subject_kind=wish.subject_kind,
                subject_id=wish.subject_id,
                reason=wish.reason,
                text=wish.text,
            )
            status = 200
        except SoukError as error:
            form, status = form.refused(error, {"text_invalid": "text"}), error.status
    form = msgspec.structs.replace(form, errors={**errors, **form.errors})
    return pages.answer(
        "pages/report.html",
        shell,
        status=status,
        subject=subject,
        reasons=REASONS,
        form=form,
        sent=sent,
    )


@get("/account/reports")
async def reports_page(
    request: PageRequest, uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """What the visitor reported, and what was decided about their own."""
    actor.require_user()
    cursor = request.query_params.get("cursor") or None
    page = await market.moderation.reports(uow, actor, cursor=cursor, limit=PAGE_SIZE)
    about_mine = await market.appeals.about_mine(uow, actor, cursor=None, limit=PAGE_SIZE)
    return pages.answer(
        "pages/reports.html",
        shell,
        here="/account/reports",
        reports=page.items,
        reasons=REASONS,
        actions=ACTIONS,
        cases=about_mine.items,
        paging=paging("/account/reports", cursor, page.next_cursor),
    )


@get("/moderation/cases/{case_id:str}")
async def case_notice_page(
    case_id: str, uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """What was decided about something of the visitor's, and why."""
    notice = await market.appeals.notice(uow, actor, case_id)
    return pages.answer(
        "pages/case_notice.html", shell, notice=notice, actions=ACTIONS, form=Form()
    )


@post("/moderation/cases/{case_id:str}/appeal")
async def send_appeal(
    case_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Asks for another look."""
    fields = await posted(request)
    notice = await market.appeals.notice(uow, actor, case_id)
    wish, errors = read(AppealRequest, {"text": fields.get("text")})
    form, status = fields.form(), 422
    if wish is not None:
        try:
            await market.appeals.appeal(uow, actor, case_id, wish)
        except SoukError as error:
            form, status = form.refused(error, {"text_invalid": "text"}), error.status
        else:
            return see_other(f"/moderation/cases/{case_id}")
    form = msgspec.structs.replace(form, errors={**errors, **form.errors})
    return pages.answer(
        "pages/case_notice.html", shell, status=status, notice=notice, actions=ACTIONS, form=form
    )


def _kind(kind: str) -> SubjectKind:
    if kind not in get_args(SubjectKind):
        raise NotFound("subject_unknown", "There is nothing of this kind to report.")
    return cast(SubjectKind, kind)


ROUTES = [report_page, send_report, reports_page, case_notice_page, send_appeal]
