"""For moderators: the queue, one case, and releasing files from the quarantine."""

from typing import Final, cast, get_args

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.addresses import paging, see_other
from souk.web.pages.moderation import ACTIONS, REASONS
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.moderation import CaseState, DecisionRequest, SubjectKind
from souk_client.contracts.works import ReleaseRequest

PERMISSION: Final = "marketplace:moderate"
PAGE_SIZE: Final = 30
RULES: Final = {
    "mutual": "Sellers praise each other",
    "burst": "Burst by young accounts",
    "bombing": "Review bombing",
    "one_seller_only": "Fans of one seller",
    "refunded_after": "Refund after praise",
    "same_text": "The same text",
    "copy": "Like an earlier work",
}
HERE: Final = "/admin/moderation"


@get(HERE)
async def queue_page(
    request: PageRequest, uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """What waits for a decision, the most pressing first."""
    actor.require(PERMISSION)
    asked = request.query_params
    case_state = asked.get("state", "")
    case_state = case_state if case_state in get_args(CaseState) else "open"
    kind = asked.get("kind", "")
    kind = kind if kind in get_args(SubjectKind) else ""
    cursor = asked.get("cursor") or None
    page = await market.moderation.cases(
        uow,
        actor,
        state=cast(CaseState, case_state),
        kind=cast(SubjectKind, kind) if kind else None,
        cursor=cursor,
        limit=PAGE_SIZE,
    )
    return pages.answer(
        "pages/admin/moderation.html",
        shell,
        here=HERE,
        cases=page.items,
        case_state=case_state,
        kind=kind,
        kinds_of_subject=get_args(SubjectKind),
        paging=paging(HERE, cursor, page.next_cursor, state=case_state, kind=kind),
    )


@get("/admin/moderation/{case_id:str}")
async def case_page(
    case_id: str, uow: UnitOfWork, actor: Actor, shell: Shell, pages: Pages, market: Market
) -> Response[str]:
    """One case with everything that was said about it."""
    context = await _context(case_id, uow, actor, market)
    return pages.answer_with("pages/admin/case.html", shell, {**context, "form": Form()})


@post("/admin/moderation/{case_id:str}/claim")
async def claim(case_id: str, uow: UnitOfWork, actor: Actor, market: Market) -> Redirect:
    """Takes the case for a while."""
    await market.moderation.claim(uow, actor, case_id)
    return see_other(f"{HERE}/{case_id}")


@post("/admin/moderation/{case_id:str}/release")
async def release(case_id: str, uow: UnitOfWork, actor: Actor, market: Market) -> Redirect:
    """Gives the case back to the queue."""
    await market.moderation.release(uow, actor, case_id)
    return see_other(HERE)


@post("/admin/moderation/{case_id:str}/decide")
async def decide(
    case_id: str,
    request: PageRequest,
    uow: UnitOfWork,
    actor: Actor,
    shell: Shell,
    pages: Pages,
    market: Market,
) -> Response[str] | Redirect:
    """Decides, and goes on with the queue."""
    actor.require(PERMISSION)
    fields = await posted(request)
    context = await _context(case_id, uow, actor, market)
    wish, errors = read(
        DecisionRequest, {"action": fields.get("action"), "reason": fields.get("reason")}
    )
    form, status = fields.form(), 422
    if wish is not None:
        try:
            await market.moderation.decide(uow, actor, case_id, wish)
        except SoukError as error:
            form, status = form.refused(error, {"text_invalid": "reason"}), error.status
        else:
            return see_other(HERE)
    if "action" in errors:
        errors = {**errors, "action": "Choose what to do."}
    form = msgspec.structs.replace(form, errors={**errors, **form.errors})
    return pages.answer_with(
        "pages/admin/case.html", shell, {**context, "form": form}, status=status
    )


@post("/admin/quarantine/{sha256:str}/release")
async def release_file(
    sha256: str, request: PageRequest, uow: UnitOfWork, actor: Actor, market: Market
) -> Redirect:
    """Lets a file through that the scan refused, with the reason on record."""
    actor.require(PERMISSION)
    fields = await posted(request)
    wish, _ = read(ReleaseRequest, {"reason": fields.get("reason")})
    if wish is not None:
        await market.quarantine.release(uow, actor, sha256, reason=wish.reason)
    return see_other("/admin/quarantine")


async def _context(
    case_id: str, uow: UnitOfWork, actor: Actor, market: Market
) -> dict[str, object]:
    detail = await market.moderation.case(uow, actor, case_id)
    return {
        "here": HERE,
        "detail": detail,
        "case": detail.case,
        "reasons": REASONS,
        "actions": ACTIONS,
        "rules": RULES,
        "flagged": any(flag.review_ids for flag in detail.flags),
        "mine": detail.case.claimed_by == actor.user_id,
    }


ROUTES = [queue_page, case_page, claim, release, decide, release_file]
