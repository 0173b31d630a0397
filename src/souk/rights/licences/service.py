"""Licences as other contexts and the routes use them."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal, TypeVar

import msgspec

from souk.infra.keyring import Keyring
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Conflict, NotFound
from souk.kernel.ids import new_id
from souk.kernel.paging import Page, decode_cursor, page_of
from souk.rights.licences import documents, store
from souk.rights.licences.api import Grant, LicensedVersion
from souk.rights.licences.events import (
    LicenceEvent,
    LicenceIssued,
    LicenceRevoked,
    LicenceTransferred,
)
from souk.rights.licences.model import limits_of
from souk.rights.licences.store import LicenceRow
from souk.rights.licences.views import check_of, grant_of, licence_of
from souk.rights.provenance.api import EntryKind, Provenance
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.rights import Licence, LicenceCheck
from souk_client.contracts.works import LicenceTerms
from souk_client.proofs import LicenceFacts, LicensedFile, commit_party, content_digest, new_salt

E = TypeVar("E", bound=LicenceEvent)
EMPTY: Final[Mapping[str, str]] = MappingProxyType({})


class LicenceService:
    """Implements `souk.rights.licences.api.Licences`.

    Args:
        provenance: where issues and revocations are recorded.
        keyring: signs licence files.
    """

    def __init__(self, *, provenance: Provenance, keyring: Keyring) -> None:
        self._provenance = provenance
        self._keyring = keyring

    async def issue(
        self,
        uow: UnitOfWork,
        *,
        listing_id: str,
        listing_address: str,
        listing_title: str,
        version_id: str,
        version: str,
        spdx: str | None,
        terms: LicenceTerms,
        licensee_organisation: OwnerRef,
        licensor_organisation: OwnerRef,
        order_id: str | None,
        files: Sequence[LicensedFile],
        entry_kind: Literal["sold", "licensed"] = "licensed",
        licence_id: str | None = None,
    ) -> Licence:
        licensee, licensor = licensee_organisation, licensor_organisation
        limits = limits_of(terms, valid_from=uow.now)
        row = LicenceRow(
            id=licence_id or new_id("lic", uow.now),
            listing_id=listing_id,
            listing_address=listing_address,
            listing_title=listing_title,
            version_id=version_id,
            version=version,
            content_sha256=content_digest(files),
            spdx=spdx,
            licensee_id=licensee.id,
            licensee_slug=licensee.slug,
            licensee_name=licensee.name,
            licensor_id=licensor.id,
            licensor_slug=licensor.slug,
            licensor_name=licensor.name,
            order_id=order_id,
            kind=terms.kind,
            duration_days=terms.duration_days,
            transferable=terms.transferable,
            issued_at=uow.now,
            valid_from=uow.now,
            valid_until=limits.valid_until,
            use_limit=limits.use_limit,
            uses_left=limits.use_limit,
            seat_limit=limits.seat_limit,
            provenance_entry_id="",
            licensee_salt=new_salt(),
        )
        entry_id = await self._record(uow, row, entry_kind)
        row = msgspec.structs.replace(row, provenance_entry_id=entry_id)
        await store.add(uow, row, files)
        uow.publish(_about(row, LicenceIssued, valid_until=row.valid_until))
        return licence_of(row, now=uow.now)

    async def revoke(
        self,
        uow: UnitOfWork,
        licence_id: str,
        *,
        reason: str,
        entry_kind: Literal["revoked", "refunded"] = "revoked",
    ) -> Licence:
        ended = await store.revoke(uow, licence_id, reason=reason)
        row = await self._row(uow, licence_id)
        if ended:
            await self._record(uow, row, entry_kind)
            uow.publish(_about(row, LicenceRevoked, reason=reason))
        return licence_of(row, now=uow.now)

    async def transfer(
        self, uow: UnitOfWork, licence_id: str, *, to: OwnerRef, details: Mapping[str, str]
    ) -> Licence:
        await store.lock(uow, licence_id)
        before = await self._row(uow, licence_id)
        if before.licensee_id == to.id:
            return licence_of(before, now=uow.now)
        row = msgspec.structs.replace(
            before,
            licensee_id=to.id,
            licensee_slug=to.slug,
            licensee_name=to.name,
            licensee_salt=new_salt(),
        )
        entry_id = await self._record(uow, row, "transferred", details=details)
        row = msgspec.structs.replace(row, provenance_entry_id=entry_id)
        await store.move(uow, row)
        uow.publish(_about(row, LicenceTransferred, before_id=before.licensee_id))
        return licence_of(row, now=uow.now)

    async def content_digest(self, uow: UnitOfWork, licence_id: str) -> str:
        return (await self._row(uow, licence_id)).content_sha256

    async def get(self, uow: UnitOfWork, licence_id: str) -> Licence:
        return licence_of(await self._row(uow, licence_id), now=uow.now)

    async def list(
        self,
        uow: UnitOfWork,
        *,
        organisation_ids: Collection[str],
        side: Literal["licensee", "licensor"] = "licensee",
        listing_id: str | None = None,
        cursor: str | None = None,
        limit: int = 20,
    ) -> Page[Licence]:
        key = decode_cursor(cursor, size=1)
        rows = await store.page(
            uow,
            organisation_ids=organisation_ids,
            side=side,
            listing_id=listing_id,
            before=None if key is None else str(key[0]),
            limit=limit + 1,
        )
        page = page_of(rows, limit=limit, key=lambda row: [row.id])
        return page.map(lambda row: licence_of(row, now=uow.now))

    async def check(
        self, uow: UnitOfWork, licence_id: str, *, user_id: str | None = None
    ) -> LicenceCheck:
        row = await self._row(uow, licence_id)
        seated = (
            user_id is None
            or row.kind != "seats"
            or await store.seat_of(uow, licence_id, user_id) is not None
        )
        return check_of(row, now=uow.now, seated=seated)

    async def find_good(
        self,
        uow: UnitOfWork,
        organisation_ids: Collection[str],
        listing_id: str,
        *,
        user_id: str | None = None,
    ) -> Grant | None:
        row = await store.find_good(
            uow, organisation_ids=organisation_ids, listing_id=listing_id, user_id=user_id
        )
        return None if row is None else grant_of(row, now=uow.now)

    async def grant(self, uow: UnitOfWork, licence_id: str) -> Grant:
        return grant_of(await self._row(uow, licence_id), now=uow.now)

    async def use(self, uow: UnitOfWork, licence_id: str, *, uses: int = 1) -> LicenceCheck:
        taken = await store.take_uses(uow, licence_id, uses=uses)
        check = await self.check(uow, licence_id)
        if taken or (check.good and check.uses_left is None):
            return check
        if check.good:
            raise Conflict(
                "uses_too_few",
                f"The licence has {check.uses_left} uses left, {uses} were asked for.",
                uses_left=check.uses_left,
            )
        raise Conflict("licence_not_good", check.reason or "", state=check.state)

    async def facts(self, uow: UnitOfWork, licence_id: str) -> LicenceFacts:
        return await self._facts(uow, await self._row(uow, licence_id), None)

    async def content_files(self, uow: UnitOfWork, content_sha256: str) -> tuple[LicensedFile, ...]:
        return await store.files(uow, content_sha256)

    async def signed_file(
        self, uow: UnitOfWork, licence_id: str, *, later: LicensedVersion | None = None
    ) -> str:
        row = await self._signable(uow, licence_id)
        return await documents.licence_file(await self._facts(uow, row, later), self._keyring)

    async def bundle(
        self, uow: UnitOfWork, licence_id: str, *, later: LicensedVersion | None = None
    ) -> bytes:
        row = await self._signable(uow, licence_id)
        return await documents.evidence(
            await self._facts(uow, row, later),
            await self._provenance.proof(uow, row.provenance_entry_id),
            keyring=self._keyring,
            published=await self._provenance.published_keys(uow),
        )

    async def _facts(
        self, uow: UnitOfWork, row: LicenceRow, later: LicensedVersion | None
    ) -> LicenceFacts:
        issuer = await self._provenance.origin(uow)
        if later is not None and later.version != row.version:
            return documents.facts_of(row, later.files, version=later.version, issuer=issuer)
        files = await store.files(uow, row.content_sha256)
        return documents.facts_of(row, files, version=row.version, issuer=issuer)

    async def _signable(self, uow: UnitOfWork, licence_id: str) -> LicenceRow:
        """A revoked licence is not signed again: its file would verify offline."""
        row = await self._row(uow, licence_id)
        if row.revoked_at is not None:
            raise Conflict("licence_not_good", "The licence was revoked.", state="revoked")
        return row

    async def _row(self, uow: UnitOfWork, licence_id: str) -> LicenceRow:
        row = await store.get(uow, licence_id)
        if row is None:
            raise NotFound("licence_unknown", "There is no such licence, or it is not yours.")
        return row

    async def _record(
        self,
        uow: UnitOfWork,
        row: LicenceRow,
        kind: EntryKind,
        *,
        details: Mapping[str, str] = EMPTY,
    ) -> str:
        """Appends an entry that names the licensor, and the licensee by commitment."""
        licensee = commit_party(row.licensee_id, row.licensee_salt)
        by_licensee = kind in ("sold", "refunded")
        return await self._provenance.append(
            uow,
            kind=kind,
            listing_id=row.listing_id,
            body={
                "actor_organisation_id": licensee if by_licensee else row.licensor_id,
                "counterparty_organisation_id": row.licensor_id if by_licensee else licensee,
                "version": row.version,
                "content_sha256": row.content_sha256,
                "licence_id": row.id,
                "details": {"address": row.listing_address, "terms": row.kind, **details},
            },
            organisation_ids=[row.licensee_id, row.licensor_id],
        )


def _about(row: LicenceRow, kind: type[E], **more: object) -> E:
    """An event about this licence."""
    said = {
        "licence_id": row.id,
        "listing_id": row.listing_id,
        "listing_address": row.listing_address,
        "listing_title": row.listing_title,
        "licensee_id": row.licensee_id,
        "licensor_id": row.licensor_id,
        "order_id": row.order_id,
    }
    return msgspec.convert({**said, **more}, kind)
