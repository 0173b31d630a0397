"""The SQL of organisations."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import InvitationId, OrganisationId, UserId
from souk.people.organisations.api import (
    InvitationFacts,
    MemberFacts,
    MembershipFacts,
    OrganisationEntry,
    OrganisationFacts,
)

_FIELDS = "id, slug, name, personal, created_at, hidden_at IS NOT NULL AS hidden"
_INVITATION = """
    SELECT i.id, i.organisation_id, o.slug, o.name AS organisation_name, i.email, i.role,
           CASE WHEN i.state = 'pending' AND i.expires_at <= %(now)s THEN 'expired' ELSE i.state END
               AS state, i.created_at, i.expires_at
    FROM people.invitations i JOIN people.organisations o ON o.id = i.organisation_id
"""


async def insert(uow: UnitOfWork, organisation: OrganisationFacts) -> bool:
    """Adds an organisation; False when the slug is taken."""
    touched = await uow.execute(
        """
        INSERT INTO people.organisations (id, slug, name, personal, created_at)
        VALUES (%(id)s, %(slug)s, %(name)s, %(personal)s, %(created_at)s)
        ON CONFLICT (slug) DO NOTHING
        """,
        **msgspec.structs.asdict(organisation),
    )
    return touched == 1


async def get(uow: UnitOfWork, organisation_id: str) -> OrganisationFacts | None:
    return await uow.one_or_none(
        OrganisationFacts,
        f"SELECT {_FIELDS} FROM people.organisations WHERE id = %(id)s",
        id=organisation_id,
    )


async def by_slug(uow: UnitOfWork, slug: str) -> OrganisationFacts | None:
    return await uow.one_or_none(
        OrganisationFacts,
        f"SELECT {_FIELDS} FROM people.organisations WHERE slug = %(slug)s",
        slug=slug,
    )


async def many(uow: UnitOfWork, organisation_ids: Sequence[str]) -> list[OrganisationFacts]:
    return await uow.all(
        OrganisationFacts,
        f"SELECT {_FIELDS} FROM people.organisations WHERE id = ANY(%(ids)s)",
        ids=list(organisation_ids),
    )


async def page(
    uow: UnitOfWork, *, query: str, before: str | None, limit: int
) -> list[OrganisationEntry]:
    """Newest first, whose slug or name holds the query (system scope)."""
    return await uow.all(
        OrganisationEntry,
        """
        SELECT o.id, o.slug, o.name, o.personal, o.created_at,
               (SELECT count(*) FROM people.memberships m WHERE m.organisation_id = o.id) AS members
        FROM people.organisations o
        WHERE (%(before)s::text IS NULL OR o.id < %(before)s)
          AND (%(query)s = '' OR strpos(o.slug, lower(%(query)s)) > 0
               OR strpos(lower(o.name), lower(%(query)s)) > 0)
        ORDER BY o.id DESC LIMIT %(limit)s
        """,
        query=query,
        before=before,
        limit=limit,
    )


async def rename(uow: UnitOfWork, organisation_id: str, *, name: str) -> None:
    await uow.execute(
        "UPDATE people.organisations SET name = %(name)s WHERE id = %(id)s",
        id=organisation_id,
        name=name,
    )


async def is_hidden(uow: UnitOfWork, organisation_id: str) -> bool:
    """Whether moderators hid it: a scope's own organisation is held, so that it stays so."""
    return bool(
        await uow.value(
            """
            SELECT hidden_at IS NOT NULL FROM people.organisations WHERE id = %(id)s FOR SHARE
            """,
            id=organisation_id,
        )
    )


async def hide(uow: UnitOfWork, organisation_id: str, *, reason: str) -> None:
    """Takes it from sight; harmless to repeat (system scope)."""
    await uow.execute(
        """
        UPDATE people.organisations SET hidden_at = %(now)s, hidden_reason = %(reason)s
        WHERE id = %(id)s AND hidden_at IS NULL
        """,
        id=organisation_id,
        reason=reason,
        now=uow.now,
    )


async def restore(uow: UnitOfWork, organisation_id: str) -> None:
    """Undoes `hide`; harmless to repeat (system scope)."""
    await uow.execute(
        """
        UPDATE people.organisations SET hidden_at = NULL, hidden_reason = NULL
        WHERE id = %(id)s AND hidden_at IS NOT NULL
        """,
        id=organisation_id,
    )


async def put_member(
    uow: UnitOfWork, *, organisation_id: OrganisationId, user_id: UserId, role: str
) -> None:
    """Adds a member, or changes the role of one."""
    await uow.execute(
        """
        INSERT INTO people.memberships (organisation_id, user_id, role, joined_at)
        VALUES (%(organisation_id)s, %(user_id)s, %(role)s, %(now)s)
        ON CONFLICT (organisation_id, user_id) DO UPDATE SET role = excluded.role
        """,
        organisation_id=organisation_id,
        user_id=user_id,
        role=role,
        now=uow.now,
    )


async def remove_member(uow: UnitOfWork, *, organisation_id: str, user_id: str) -> bool:
    touched = await uow.execute(
        """
        DELETE FROM people.memberships
        WHERE organisation_id = %(organisation_id)s AND user_id = %(user_id)s
        """,
        organisation_id=organisation_id,
        user_id=user_id,
    )
    return touched == 1


async def lock_owners(uow: UnitOfWork, organisation_id: str) -> list[str]:
    """The owners' user ids, locked so that the last one cannot leave in a race."""
    return await uow.values(
        """
        SELECT user_id FROM people.memberships
        WHERE organisation_id = %(id)s AND role = 'owner' ORDER BY user_id FOR UPDATE
        """,
        id=organisation_id,
    )


async def memberships(uow: UnitOfWork, user_id: UserId) -> list[MembershipFacts]:
    return await uow.all(
        MembershipFacts,
        """
        SELECT m.organisation_id, o.slug, o.name AS organisation_name, o.personal, m.role
        FROM people.memberships m JOIN people.organisations o ON o.id = m.organisation_id
        WHERE m.user_id = %(user_id)s ORDER BY o.personal DESC, o.name, o.id
        """,
        user_id=user_id,
    )


async def members(uow: UnitOfWork, organisation_ids: Sequence[str]) -> list[MemberFacts]:
    return await uow.all(
        MemberFacts,
        """
        SELECT m.organisation_id, m.user_id, u.name, u.email, m.role, m.joined_at
        FROM people.memberships m JOIN people.users u ON u.id = m.user_id
        WHERE m.organisation_id = ANY(%(ids)s)
        ORDER BY m.organisation_id, m.joined_at, m.user_id
        """,
        ids=list(organisation_ids),
    )


async def insert_invitation(
    uow: UnitOfWork,
    *,
    invitation_id: InvitationId,
    organisation_id: str,
    email: str,
    role: str,
    invited_by: UserId,
    expires_at: datetime,
) -> bool:
    """Adds an invitation; False when one is pending. A pending one past its time is replaced."""
    await uow.execute(
        """
        UPDATE people.invitations SET state = 'declined'
        WHERE organisation_id = %(organisation_id)s AND email = %(email)s
          AND state = 'pending' AND expires_at <= %(now)s
        """,
        organisation_id=organisation_id,
        email=email,
        now=uow.now,
    )
    touched = await uow.execute(
        """
        INSERT INTO people.invitations
            (id, organisation_id, email, role, invited_by, created_at, expires_at)
        VALUES (%(id)s, %(organisation_id)s, %(email)s, %(role)s, %(invited_by)s, %(now)s,
                %(expires_at)s)
        ON CONFLICT (organisation_id, email) WHERE state = 'pending' DO NOTHING
        """,
        id=invitation_id,
        organisation_id=organisation_id,
        email=email,
        role=role,
        invited_by=invited_by,
        now=uow.now,
        expires_at=expires_at,
    )
    return touched == 1


async def invitation(uow: UnitOfWork, invitation_id: str) -> InvitationFacts | None:
    return await uow.one_or_none(
        InvitationFacts, f"{_INVITATION} WHERE i.id = %(id)s", id=invitation_id, now=uow.now
    )


async def invitations_of(uow: UnitOfWork, email: str) -> list[InvitationFacts]:
    return await uow.all(
        InvitationFacts,
        f"{_INVITATION} WHERE i.email = %(email)s ORDER BY i.id DESC LIMIT 100",
        email=email,
        now=uow.now,
    )


async def invitations_to(uow: UnitOfWork, organisation_id: str) -> list[InvitationFacts]:
    return await uow.all(
        InvitationFacts,
        f"{_INVITATION} WHERE i.organisation_id = %(id)s ORDER BY i.id DESC LIMIT 100",
        id=organisation_id,
        now=uow.now,
    )


async def answer_invitation(uow: UnitOfWork, invitation_id: str, *, state: str) -> bool:
    """Settles a pending invitation; False when it is not pending any more."""
    touched = await uow.execute(
        """
        UPDATE people.invitations SET state = %(state)s
        WHERE id = %(id)s AND state = 'pending' AND expires_at > %(now)s
        """,
        id=invitation_id,
        state=state,
        now=uow.now,
    )
    return touched == 1
