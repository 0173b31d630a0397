"""The SQL of assets and of what is made of them."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from souk.infra.postgres.uow import UnitOfWork

_COLUMNS = """
    id, owner_organisation_id AS organisation_id, path, sha256, size_bytes, media_type, max_age_s,
    optimise, created_at, changed_at
"""


class AssetRow(msgspec.Struct, frozen=True, kw_only=True):
    """An asset as it is stored."""

    id: str
    organisation_id: str
    path: str
    sha256: str
    size_bytes: int
    media_type: str
    max_age_s: int
    optimise: bool
    created_at: datetime
    changed_at: datetime


class UsedRow(msgspec.Struct, frozen=True, kw_only=True):
    """How much room assets take."""

    assets: int
    used_bytes: int


class MadeRow(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a recipe; without a hash nothing."""

    recipe: str
    made_sha256: str | None
    size_bytes: int
    media_type: str


async def hold_space(uow: UnitOfWork, organisation_id: str) -> str | None:
    """Holds the organisation's room until the transaction ends; its site, when it has one."""
    await uow.execute(
        "INSERT INTO assets.spaces VALUES (%(id)s, NULL, %(now)s) ON CONFLICT DO NOTHING",
        id=organisation_id,
        now=uow.now,
    )
    found = await uow.value(
        "SELECT site_id FROM assets.spaces WHERE owner_organisation_id = %(id)s FOR UPDATE",
        id=organisation_id,
    )
    return None if found is None else str(found)


async def site_of(uow: UnitOfWork, organisation_id: str) -> str | None:
    """The site at which nodes serve an organisation's assets."""
    found = await uow.value(
        "SELECT site_id FROM assets.spaces WHERE owner_organisation_id = %(id)s",
        id=organisation_id,
    )
    return None if found is None else str(found)


async def set_site(uow: UnitOfWork, organisation_id: str, site_id: str) -> None:
    """Names the site of an organisation's assets."""
    await uow.execute(
        "UPDATE assets.spaces SET site_id = %(site)s WHERE owner_organisation_id = %(id)s",
        site=site_id,
        id=organisation_id,
    )


async def used(uow: UnitOfWork, organisation_id: str) -> UsedRow:
    """The room of an organisation that is taken."""
    return await uow.one(
        UsedRow,
        "SELECT count(*) AS assets, coalesce(sum(size_bytes), 0)::bigint AS used_bytes "
        "FROM assets.assets WHERE owner_organisation_id = %(id)s",
        id=organisation_id,
    )


async def by_path(uow: UnitOfWork, organisation_id: str, path: str) -> AssetRow | None:
    """The asset at a path."""
    return await uow.one_or_none(
        AssetRow,
        f"SELECT {_COLUMNS} FROM assets.assets "
        "WHERE owner_organisation_id = %(id)s AND path = %(path)s",
        id=organisation_id,
        path=path,
    )


async def by_id(uow: UnitOfWork, asset_id: str) -> AssetRow | None:
    """An asset that this scope sees."""
    return await uow.one_or_none(
        AssetRow, f"SELECT {_COLUMNS} FROM assets.assets WHERE id = %(id)s", id=asset_id
    )


async def listed(
    uow: UnitOfWork, organisation_id: str, *, prefix: str, after: str, limit: int
) -> list[AssetRow]:
    """Assets in the order of their paths."""
    return await uow.all(
        AssetRow,
        f"SELECT {_COLUMNS} FROM assets.assets WHERE owner_organisation_id = %(id)s "
        'AND starts_with(path, %(prefix)s) AND path COLLATE "C" > %(after)s '
        'ORDER BY path COLLATE "C" LIMIT %(limit)s',
        id=organisation_id,
        prefix=prefix,
        after=after,
        limit=limit,
    )


async def add(uow: UnitOfWork, row: AssetRow, *, user_id: str) -> None:
    """Puts an asset at a free path."""
    await uow.execute(
        """
        INSERT INTO assets.assets VALUES (%(id)s, %(organisation_id)s, %(path)s, %(sha256)s,
            %(size_bytes)s, %(media_type)s, %(max_age_s)s, %(optimise)s, %(user_id)s,
            %(created_at)s, %(changed_at)s)
        """,
        user_id=user_id,
        **msgspec.structs.asdict(row),
    )


async def replace(uow: UnitOfWork, row: AssetRow) -> None:
    """Other content, or other rules, at the same path."""
    await uow.execute(
        """
        UPDATE assets.assets SET sha256 = %(sha256)s, size_bytes = %(size_bytes)s,
            media_type = %(media_type)s, max_age_s = %(max_age_s)s, optimise = %(optimise)s,
            changed_at = %(changed_at)s
        WHERE id = %(id)s
        """,
        **msgspec.structs.asdict(row),
    )


async def remove(uow: UnitOfWork, asset_id: str) -> bool:
    """Takes an asset away; False when there was none."""
    return bool(await uow.execute("DELETE FROM assets.assets WHERE id = %(id)s", id=asset_id))


async def made(uow: UnitOfWork, sha256: str, recipes: Collection[str]) -> list[MadeRow]:
    """What has come of these recipes (system scope)."""
    return await uow.all(
        MadeRow,
        "SELECT recipe, made_sha256, size_bytes, media_type FROM assets.made "
        "WHERE sha256 = %(sha256)s AND recipe = ANY(%(recipes)s)",
        sha256=sha256,
        recipes=list(recipes),
    )


async def note_made(uow: UnitOfWork, sha256: str, rows: Sequence[MadeRow]) -> None:
    """Writes down what came of recipes; what another process has written stands (system scope)."""
    for row in rows:
        await uow.execute(
            """
            INSERT INTO assets.made VALUES (%(sha256)s, %(recipe)s, %(made_sha256)s,
                %(size_bytes)s, %(media_type)s, %(now)s)
            ON CONFLICT DO NOTHING
            """,
            sha256=sha256,
            now=uow.now,
            **msgspec.structs.asdict(row),
        )


async def take_unneeded(uow: UnitOfWork, *, limit: int) -> list[tuple[str, str]]:
    """Forgets what was made of contents that no asset has any more: hash and recipe of each."""
    rows = await uow.dicts(
        """
        DELETE FROM assets.made WHERE (sha256, recipe) IN (
            SELECT m.sha256, m.recipe FROM assets.made m
            WHERE NOT EXISTS (SELECT 1 FROM assets.assets a WHERE a.sha256 = m.sha256)
            LIMIT %(limit)s
        ) RETURNING sha256, recipe
        """,
        limit=limit,
    )
    return [(row["sha256"], row["recipe"]) for row in rows]
