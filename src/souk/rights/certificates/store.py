"""The certificates' SQL."""

from datetime import datetime
from typing import Literal

import msgspec

from souk.infra.postgres.uow import UnitOfWork


class CertificateRow(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate as it is stored."""

    id: str
    code: str
    licence_id: str
    owner_organisation_id: str
    shows_holder: bool
    made_at: datetime


class ShownRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the code opens to anybody."""

    id: str
    code: str
    shows_holder: bool
    made_at: datetime
    licence_id: str
    listing_id: str
    listing_address: str
    listing_title: str
    version: str
    content_sha256: str
    spdx: str | None
    licensor_id: str
    licensor_slug: str
    licensor_name: str
    holder_id: str | None
    holder_slug: str | None
    holder_name: str | None
    kind: Literal["perpetual", "timed", "counted", "seats"]
    duration_days: int | None
    transferable: bool
    use_limit: int | None
    uses_left: int | None
    seat_limit: int | None
    valid_from: datetime
    valid_until: datetime | None
    revoked_at: datetime | None
    passed_on: bool
    provenance_entry_id: str


_COLUMNS = ", ".join(CertificateRow.__struct_fields__)


async def of_licence(
    uow: UnitOfWork, licence_id: str, *, organisation_id: str
) -> CertificateRow | None:
    """The certificate that this holder of the licence has now."""
    return await uow.one_or_none(
        CertificateRow,
        f"""
        SELECT {_COLUMNS} FROM certificates.certificates
        WHERE licence_id = %(licence_id)s AND owner_organisation_id = %(organisation_id)s
            AND withdrawn_at IS NULL
        """,
        licence_id=licence_id,
        organisation_id=organisation_id,
    )


async def put(uow: UnitOfWork, row: CertificateRow) -> None:
    """Stores a certificate; of one that is there only whether it names the holder."""
    await uow.execute(
        f"""
        INSERT INTO certificates.certificates ({_COLUMNS})
        VALUES (%(id)s, %(code)s, %(licence_id)s, %(owner_organisation_id)s, %(shows_holder)s,
            %(made_at)s)
        ON CONFLICT (licence_id, owner_organisation_id) WHERE withdrawn_at IS NULL
        DO UPDATE SET shows_holder = excluded.shows_holder
        """,
        **msgspec.structs.asdict(row),
    )


async def withdraw(uow: UnitOfWork, licence_id: str, *, organisation_id: str) -> None:
    """Ends the certificate of this holder, if there is one."""
    await uow.execute(
        """
        UPDATE certificates.certificates SET withdrawn_at = %(now)s
        WHERE licence_id = %(licence_id)s AND owner_organisation_id = %(organisation_id)s
            AND withdrawn_at IS NULL
        """,
        licence_id=licence_id,
        organisation_id=organisation_id,
        now=uow.now,
    )


async def shown(uow: UnitOfWork, code: str) -> ShownRow | None:
    """What the code opens; None when nobody has such a certificate."""
    return await uow.one_or_none(ShownRow, "SELECT * FROM certificates.shown(%(code)s)", code=code)
