"""The SQL of downloads."""

from souk.infra.postgres.uow import UnitOfWork


async def lock_licence(uow: UnitOfWork, licence_id: str) -> None:
    """Until this transaction ends, neither a refund nor a first download of it goes on."""
    await uow.execute("SELECT pg_advisory_xact_lock(731003, hashtext(%(id)s))", id=licence_id)


async def any_download(uow: UnitOfWork, licence_id: str) -> bool:
    found = await uow.value(
        "SELECT 1 FROM delivery.downloads WHERE licence_id = %(id)s LIMIT 1", id=licence_id
    )
    return found is not None


async def record(
    uow: UnitOfWork,
    *,
    licence_id: str,
    version_id: str,
    sha256: str,
    licensee_id: str,
    listing_id: str,
) -> bool:
    """Notes that a file is being downloaded; True for the first file of this version."""
    first = await uow.value(
        """
        SELECT NOT EXISTS (
            SELECT 1 FROM delivery.downloads
            WHERE licence_id = %(licence_id)s AND version_id = %(version_id)s
        )
        """,
        licence_id=licence_id,
        version_id=version_id,
    )
    await uow.execute(
        """
        INSERT INTO delivery.downloads AS d
            (licence_id, version_id, sha256, licensee_organisation_id, listing_id, first_at,
             last_at)
        VALUES (%(licence_id)s, %(version_id)s, %(sha256)s, %(licensee_id)s, %(listing_id)s,
                %(now)s, %(now)s)
        ON CONFLICT (licence_id, version_id, sha256)
            DO UPDATE SET count = d.count + 1, last_at = excluded.last_at
        """,
        licence_id=licence_id,
        version_id=version_id,
        sha256=sha256,
        licensee_id=licensee_id,
        listing_id=listing_id,
        now=uow.now,
    )
    return bool(first)
