"""The SQL of workspaces and their locks."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec

from souk.infra.postgres.uow import UnitOfWork, json_value
from souk_client.contracts.plugins import Lock, LockedPlugin, LockSummary, WantedRoot

_COLUMNS = "w.id, w.organisation_id, w.name, w.lock_number, w.created_by, w.created_at"


class WorkspaceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace as it is stored."""

    id: str
    organisation_id: str
    name: str
    lock_number: int
    created_by: str
    created_at: datetime


class ListedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace in a list."""

    id: str
    organisation_id: str
    name: str
    lock_number: int
    plugins: int
    created_at: datetime
    changed_at: datetime


class LockRow(msgspec.Struct, frozen=True, kw_only=True):
    """A lock as it is stored."""

    number: int
    wanted: list[Any]  # JSON as it is stored; `to_lock` reads it
    plugins: list[Any]  # likewise
    summary: str
    made_by: str
    made_at: datetime

    def to_lock(self) -> Lock:
        """As the api gives it."""
        return Lock(
            number=self.number,
            wanted=msgspec.convert(self.wanted, list[WantedRoot]),
            plugins=msgspec.convert(self.plugins, list[LockedPlugin]),
            summary=self.summary,
            made_by=self.made_by,
            made_at=self.made_at,
        )


async def add(
    uow: UnitOfWork, workspace_id: str, *, organisation_id: str, name: str, created_by: str
) -> bool:
    """Writes a workspace; False when the organisation has one of this name."""
    made = await uow.execute(
        """
        INSERT INTO plugins.workspaces (id, organisation_id, name, created_by, created_at,
            changed_at)
        VALUES (%(id)s, %(organisation_id)s, %(name)s, %(created_by)s, %(now)s, %(now)s)
        ON CONFLICT DO NOTHING
        """,
        id=workspace_id,
        organisation_id=organisation_id,
        name=name,
        created_by=created_by,
        now=uow.now,
    )
    return made == 1


async def count(uow: UnitOfWork, organisation_id: str) -> int:
    """How many workspaces an organisation has."""
    return int(
        await uow.value(
            "SELECT count(*) FROM plugins.workspaces WHERE organisation_id = %(id)s",
            id=organisation_id,
        )
    )


async def name_is_taken(
    uow: UnitOfWork, organisation_id: str, name: str, *, other_than: str
) -> bool:
    """Whether another workspace of the organisation has this name."""
    found: bool = await uow.value(
        """
        SELECT EXISTS (SELECT 1 FROM plugins.workspaces w
            WHERE w.organisation_id = %(organisation_id)s AND lower(w.name) = lower(%(name)s)
              AND w.id <> %(id)s)
        """,
        organisation_id=organisation_id,
        name=name,
        id=other_than,
    )
    return found


async def rename(uow: UnitOfWork, workspace_id: str, name: str) -> None:
    """Gives a workspace another name."""
    await uow.execute(
        "UPDATE plugins.workspaces SET name = %(name)s, changed_at = %(now)s WHERE id = %(id)s",
        id=workspace_id,
        name=name,
        now=uow.now,
    )


async def lock_names(uow: UnitOfWork, organisation_id: str) -> None:
    """Lets one transaction at a time make or rename the organisation's workspaces."""
    await uow.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('plugins.workspaces ' || %(id)s, 0))",
        id=organisation_id,
    )


async def find(
    uow: UnitOfWork, workspace_id: str, organisation_ids: Collection[str], *, lock: bool = False
) -> WorkspaceRow | None:
    """A workspace of these organisations; locked until the transaction ends when asked to."""
    return await uow.one_or_none(
        WorkspaceRow,
        f"""
        SELECT {_COLUMNS} FROM plugins.workspaces w
        WHERE w.id = %(id)s AND w.organisation_id = ANY(%(organisations)s)
        {"FOR UPDATE" if lock else ""}
        """,
        id=workspace_id,
        organisations=list(organisation_ids),
    )


async def page(
    uow: UnitOfWork, organisation_ids: Collection[str], *, before: str, limit: int
) -> list[ListedRow]:
    """The workspaces of these organisations, newest first."""
    return await uow.all(
        ListedRow,
        """
        SELECT w.id, w.organisation_id, w.name, w.lock_number, w.created_at, w.changed_at,
            (SELECT count(*) FROM plugins.installs i WHERE i.workspace_id = w.id)::integer
                AS plugins
        FROM plugins.workspaces w
        WHERE w.organisation_id = ANY(%(ids)s) AND (%(before)s = '' OR w.id < %(before)s)
        ORDER BY w.id DESC LIMIT %(limit)s
        """,
        ids=list(organisation_ids),
        before=before,
        limit=limit,
    )


async def find_lock(uow: UnitOfWork, workspace_id: str, number: int) -> LockRow | None:
    """One lock of a workspace."""
    return await uow.one_or_none(
        LockRow,
        """
        SELECT l.number, l.wanted, l.plugins, l.summary, l.made_by, l.made_at
        FROM plugins.locks l WHERE l.workspace_id = %(id)s AND l.number = %(number)s
        """,
        id=workspace_id,
        number=number,
    )


async def history(
    uow: UnitOfWork, workspace_id: str, *, before: int | None, limit: int
) -> list[LockSummary]:
    """The locks of a workspace, newest first."""
    return await uow.all(
        LockSummary,
        """
        SELECT l.number, l.summary, jsonb_array_length(l.plugins) AS plugins, l.made_by, l.made_at
        FROM plugins.locks l
        WHERE l.workspace_id = %(id)s AND l.number < coalesce(%(before)s::bigint, 2147483648)
        ORDER BY l.number DESC LIMIT %(limit)s
        """,
        id=workspace_id,
        before=before,
        limit=limit,
    )


async def write_lock(
    uow: UnitOfWork,
    workspace: WorkspaceRow,
    *,
    wanted: Sequence[WantedRoot],
    plugins: Sequence[LockedPlugin],
    summary: str,
    made_by: str,
) -> int:
    """Makes the workspace's next lock and what is installed with it; answers its number."""
    number = workspace.lock_number + 1
    await uow.execute(
        """
        INSERT INTO plugins.locks (workspace_id, number, organisation_id, wanted, plugins, summary,
            made_by, made_at)
        VALUES (%(id)s, %(number)s, %(organisation_id)s, %(wanted)s, %(plugins)s, %(summary)s,
            %(made_by)s, %(now)s)
        """,
        id=workspace.id,
        number=number,
        organisation_id=workspace.organisation_id,
        wanted=json_value(msgspec.to_builtins(list(wanted))),
        plugins=json_value(msgspec.to_builtins(list(plugins))),
        summary=summary,
        made_by=made_by,
        now=uow.now,
    )
    await uow.execute(
        "UPDATE plugins.workspaces SET lock_number = %(number)s, changed_at = %(now)s "
        "WHERE id = %(id)s",
        id=workspace.id,
        number=number,
        now=uow.now,
    )
    await uow.execute("DELETE FROM plugins.installs WHERE workspace_id = %(id)s", id=workspace.id)
    await uow.execute(
        """
        INSERT INTO plugins.installs (workspace_id, listing_id, organisation_id, version)
        SELECT %(id)s, n.listing_id, %(organisation_id)s, n.version
        FROM unnest(%(listing_ids)s::text[], %(versions)s::text[]) AS n(listing_id, version)
        """,
        id=workspace.id,
        organisation_id=workspace.organisation_id,
        listing_ids=[one.listing_id for one in plugins],
        versions=[one.version for one in plugins],
    )
    return number
