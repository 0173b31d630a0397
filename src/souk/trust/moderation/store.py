"""The SQL of cases."""

from collections.abc import Collection
from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import new_id
from souk.trust.moderation.api import Subject
from souk_client.contracts.moderation import Case, CaseState, SubjectKind

_COLUMNS = """
    c.id, c.subject_kind, c.subject_id, c.organisation_id, c.author_id, c.title, c.link, c.excerpt,
    c.state, c.reports, c.score, c.priority, c.claimed_by, c.claimed_at, c.opened_at, c.decided_at
"""
_LAST_ACTION = """
    (SELECT d.action FROM moderation.decisions d WHERE d.case_id = c.id
     ORDER BY d.decided_at DESC, d.id DESC LIMIT 1)
"""


class CaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A case as it is stored."""

    id: str
    subject_kind: SubjectKind
    subject_id: str
    organisation_id: str
    author_id: str | None
    title: str
    link: str
    excerpt: str
    state: CaseState
    reports: int
    score: float
    priority: int
    claimed_by: str | None
    claimed_at: datetime | None
    opened_at: datetime
    decided_at: datetime | None

    def to_case(self) -> Case:
        """As the api gives it."""
        return Case(**{name: getattr(self, name) for name in Case.__struct_fields__})


async def open_case(uow: UnitOfWork, subject: Subject) -> CaseRow:
    """The open case of a subject, a new one when there is none; locked (system scope)."""
    return await uow.one(
        CaseRow,
        f"""
        INSERT INTO moderation.cases AS c (id, subject_kind, subject_id, organisation_id, author_id,
            title, link, excerpt, opened_at)
        VALUES (%(id)s, %(kind)s, %(subject_id)s, %(organisation_id)s, %(author_id)s, %(title)s,
            %(link)s, %(excerpt)s, %(now)s)
        ON CONFLICT (subject_kind, subject_id) WHERE state = 'open'
            DO UPDATE SET state = 'open'
        RETURNING {_COLUMNS}
        """,
        id=new_id("cas", uow.now),
        kind=subject.kind,
        subject_id=subject.id,
        organisation_id=subject.organisation_id,
        author_id=subject.author_id,
        title=subject.title,
        link=subject.link,
        excerpt=subject.excerpt,
        now=uow.now,
    )


async def find(uow: UnitOfWork, case_id: str, *, lock: bool = False) -> CaseRow | None:
    """A case of this scope."""
    return await uow.one_or_none(
        CaseRow,
        f"""
        SELECT {_COLUMNS} FROM moderation.cases c WHERE c.id = %(id)s
        {"FOR NO KEY UPDATE" if lock else ""}
        """,
        id=case_id,
    )


async def queue(
    uow: UnitOfWork,
    *,
    state: CaseState,
    kind: SubjectKind | None,
    after: tuple[int, str] | None,
    limit: int,
) -> list[CaseRow]:
    """Cases of a state, the most pressing first; decided ones the newest first."""
    clauses = ["c.state = %(state)s"]
    if kind is not None:
        clauses.append("c.subject_kind = %(kind)s")
    if state == "decided":
        order = "c.id DESC"
        past = "c.id < %(after)s"
    else:
        order = "c.priority DESC, c.id DESC"
        past = "(c.priority, c.id) < (%(rank)s, %(after)s)"
    if after is not None:
        clauses.append(past)
    return await uow.all(
        CaseRow,
        f"""
        SELECT {_COLUMNS} FROM moderation.cases c WHERE {" AND ".join(clauses)}
        ORDER BY {order} LIMIT %(limit)s
        """,
        state=state,
        kind=kind,
        rank=after[0] if after else None,
        after=after[1] if after else None,
        limit=limit,
    )


async def of_organisations(
    uow: UnitOfWork, organisation_ids: Collection[str], *, before: str | None, limit: int
) -> list[CaseRow]:
    """Cases in which something was decided against these organisations, newest first."""
    return await uow.all(
        CaseRow,
        f"""
        SELECT {_COLUMNS} FROM moderation.cases c
        WHERE c.organisation_id = ANY(%(ids)s) AND c.decided_at IS NOT NULL
          AND (%(before)s::text IS NULL OR c.id < %(before)s)
          AND EXISTS (SELECT 1 FROM moderation.decisions d
                      WHERE d.case_id = c.id AND d.action IN ('hide', 'hide_reviews', 'warn'))
        ORDER BY c.id DESC LIMIT %(limit)s
        """,
        ids=list(organisation_ids),
        before=before,
        limit=limit,
    )


async def join(uow: UnitOfWork, case_id: str, *, parent_id: str) -> None:
    """Notes that a case is decided as a part of another."""
    await uow.execute(
        "UPDATE moderation.cases SET parent_id = %(parent_id)s WHERE id = %(id)s",
        id=case_id,
        parent_id=parent_id,
    )


async def hiding_children(uow: UnitOfWork, parent_id: str) -> list[CaseRow]:
    """The cases decided as a part of this one whose last decision hides; locked (system scope)."""
    return await uow.all(
        CaseRow,
        f"""
        SELECT {_COLUMNS} FROM moderation.cases c
        WHERE c.parent_id = %(id)s AND {_LAST_ACTION} = 'hide'
        ORDER BY c.id FOR NO KEY UPDATE
        """,
        id=parent_id,
    )


async def hidden_by_another(uow: UnitOfWork, row: CaseRow) -> bool:
    """Whether the last decision of another case about the same subject hides it (system scope)."""
    return bool(
        await uow.value(
            f"""
            SELECT EXISTS (
                SELECT 1 FROM moderation.cases c
                WHERE c.subject_kind = %(kind)s AND c.subject_id = %(subject_id)s
                  AND c.id <> %(id)s AND {_LAST_ACTION} = 'hide'
            )
            """,
            id=row.id,
            kind=row.subject_kind,
            subject_id=row.subject_id,
        )
    )


async def claim(uow: UnitOfWork, case_id: str, *, user_id: str | None) -> None:
    """Gives a case to a moderator, or back to the queue."""
    await uow.execute(
        """
        UPDATE moderation.cases
        SET claimed_by = %(user_id)s,
            claimed_at = CASE WHEN %(user_id)s::text IS NULL THEN NULL ELSE %(now)s END
        WHERE id = %(id)s
        """,
        id=case_id,
        user_id=user_id,
        now=uow.now,
    )


async def settle(uow: UnitOfWork, case_id: str) -> None:
    """Marks a case decided, and free of its moderator."""
    await uow.execute(
        """
        UPDATE moderation.cases
        SET state = 'decided', decided_at = %(now)s, claimed_by = NULL, claimed_at = NULL
        WHERE id = %(id)s
        """,
        id=case_id,
        now=uow.now,
    )


async def reopen(uow: UnitOfWork, case_id: str) -> None:
    """Brings a decided case back into the queue because of an appeal."""
    await uow.execute(
        "UPDATE moderation.cases SET state = 'appealed' WHERE id = %(id)s", id=case_id
    )


async def waiting(uow: UnitOfWork) -> int:
    """How many cases wait for a moderator (system scope)."""
    count = await uow.value(
        "SELECT count(*) FROM moderation.cases WHERE state IN ('open', 'appealed')"
    )
    return int(count)
