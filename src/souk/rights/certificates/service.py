"""Certificates as the routes and pages use them."""

import asyncio
from typing import Final

from souk.infra.keyring import LICENCE, Keyring
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Forbidden, NotFound
from souk.kernel.ids import new_id
from souk.rights.certificates import store
from souk.rights.certificates.api import Drawn
from souk.rights.certificates.model import check_address, is_code, new_code, state_of
from souk.rights.certificates.proving import bundle_of, facts_of
from souk.rights.certificates.qr import qr_svg
from souk.rights.certificates.store import CertificateRow, ShownRow
from souk.rights.licences.api import Licence, Licences
from souk.rights.provenance.api import InclusionProof, Provenance
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.certificates import Certificate, CertificateCheck, CertifiedFile
from souk_client.contracts.works import LicenceTerms
from souk_client.proofs import (
    CERTIFICATE_SUFFIX,
    CertificateFacts,
    sign_certificate,
    write_certificate,
)

MAX_FILES_SHOWN: Final = 200


class CertificateService:
    """Implements `souk.rights.certificates.api.Certificates`.

    Args:
        licences: what is certified.
        provenance: where it is on record.
        keyring: signs certificates.
        base_url: the marketplace's public address, which QR codes lead to.
        market_name: what the marketplace calls itself on paper.
    """

    def __init__(
        self,
        *,
        licences: Licences,
        provenance: Provenance,
        keyring: Keyring,
        base_url: str,
        market_name: str,
    ) -> None:
        self._licences = licences
        self._provenance = provenance
        self._keyring = keyring
        self._base_url = base_url
        self._market_name = market_name

    async def make(
        self, uow: UnitOfWork, actor: Actor, licence_id: str, *, shows_holder: bool
    ) -> Certificate:
        licence = await self._held(uow, actor, licence_id, manages=True)
        if licence.state == "revoked":
            raise Conflict("licence_not_good", "The licence was revoked.", state="revoked")
        row = CertificateRow(
            id=new_id("crt", uow.now),
            code=new_code(),
            licence_id=licence_id,
            owner_organisation_id=licence.licensee.id,
            shows_holder=shows_holder,
            made_at=uow.now,
        )
        await store.put(uow, row)
        return self._certificate(await self._row(uow, licence))

    async def of_licence(
        self, uow: UnitOfWork, actor: Actor, licence_id: str
    ) -> Certificate | None:
        licence = await self._held(uow, actor, licence_id)
        row = await store.of_licence(uow, licence_id, organisation_id=licence.licensee.id)
        return None if row is None else self._certificate(row)

    async def withdraw(self, uow: UnitOfWork, actor: Actor, licence_id: str) -> None:
        licence = await self._held(uow, actor, licence_id, manages=True)
        await store.withdraw(uow, licence_id, organisation_id=licence.licensee.id)

    async def check(self, uow: UnitOfWork, code: str) -> CertificateCheck:
        row = await store.shown(uow, code) if is_code(code) else None
        if row is None:
            raise _unknown()
        files = await self._licences.content_files(uow, row.content_sha256)
        shown = sorted(files, key=lambda file: file.path)[:MAX_FILES_SHOWN]
        state, reason = state_of(
            now=uow.now,
            valid_until=row.valid_until,
            uses_left=row.uses_left,
            revoked_at=row.revoked_at,
            passed_on=row.passed_on,
        )
        return CertificateCheck(
            code=row.code,
            state=state,
            reason=reason,
            checked_at=uow.now,
            made_at=row.made_at,
            listing_id=row.listing_id,
            listing_address=row.listing_address,
            listing_title=row.listing_title,
            version=row.version,
            content_sha256=row.content_sha256,
            file_count=len(files),
            files=[
                CertifiedFile(path=file.path, sha256=file.sha256, size_bytes=file.size_bytes)
                for file in shown
            ],
            licensor=OwnerRef(id=row.licensor_id, slug=row.licensor_slug, name=row.licensor_name),
            holder=_holder(row),
            terms=LicenceTerms(
                kind=row.kind,
                duration_days=row.duration_days,
                uses=row.use_limit,
                seats=row.seat_limit,
                transferable=row.transferable,
            ),
            spdx=row.spdx,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            provenance_entry_id=row.provenance_entry_id,
            proof=await self._proof_or_none(uow, row.provenance_entry_id),
        )

    async def bundle(self, uow: UnitOfWork, actor: Actor, licence_id: str) -> Drawn:
        facts, _, data = await self._proven(uow, actor, licence_id)
        return Drawn(filename=f"{_stem(facts)}{CERTIFICATE_SUFFIX}", content=data)

    async def pdf(self, uow: UnitOfWork, actor: Actor, licence_id: str) -> Drawn:
        facts, proof, data = await self._proven(uow, actor, licence_id)
        paper = await asyncio.to_thread(
            _drawn, facts, proof, bundle=data, market_name=self._market_name
        )
        return Drawn(filename=f"{_stem(facts)}.certificate.pdf", content=paper)

    def qr_code(self, code: str) -> str:
        return qr_svg(check_address(self._base_url, code))

    async def _proven(
        self, uow: UnitOfWork, actor: Actor, licence_id: str
    ) -> tuple[CertificateFacts, InclusionProof, bytes]:
        """The certificate's facts, its proof, and the bundle of both."""
        licence = await self._held(uow, actor, licence_id)
        row = await self._row(uow, licence)
        if licence.state == "revoked":
            raise Conflict("licence_not_good", "The licence was revoked.", state="revoked")
        facts = facts_of(
            await self._licences.facts(uow, licence_id),
            title=licence.listing_title,
            certificate_id=row.id,
            check_url=check_address(self._base_url, row.code),
            made_at=row.made_at,
            shows_holder=row.shows_holder,
        )
        proof = await self._provenance.proof(uow, licence.provenance_entry_id)
        key = await self._keyring.current(LICENCE)
        bundle = bundle_of(
            sign_certificate(facts, key),
            proof,
            key=key.public,
            published=await self._provenance.published_keys(uow),
        )
        return facts, proof, write_certificate(bundle)

    async def _held(
        self, uow: UnitOfWork, actor: Actor, licence_id: str, *, manages: bool = False
    ) -> Licence:
        """A licence of the caller's; only managers say what of it becomes public."""
        actor.require_user()
        licence = await self._licences.get(uow, licence_id)
        holder = licence.licensee.id
        if not (actor.manages(holder) if manages else actor.belongs_to(holder)):
            raise Forbidden(
                "licensee_only",
                "Only managers of the licence's holder may do this."
                if manages
                else "Only the licence's holder may do this.",
            )
        return licence

    async def _row(self, uow: UnitOfWork, licence: Licence) -> CertificateRow:
        row = await store.of_licence(uow, licence.id, organisation_id=licence.licensee.id)
        if row is None:
            raise _unknown()
        return row

    async def _proof_or_none(self, uow: UnitOfWork, entry_id: str) -> InclusionProof | None:
        try:
            return await self._provenance.proof(uow, entry_id)
        except Conflict:  # within the second until a head covers the entry
            return None

    def _certificate(self, row: CertificateRow) -> Certificate:
        return Certificate(
            id=row.id,
            licence_id=row.licence_id,
            code=row.code,
            check_url=check_address(self._base_url, row.code),
            shows_holder=row.shows_holder,
            made_at=row.made_at,
        )


def _holder(row: ShownRow) -> OwnerRef | None:
    if row.holder_id is None or row.holder_slug is None or row.holder_name is None:
        return None
    return OwnerRef(id=row.holder_id, slug=row.holder_slug, name=row.holder_name)


def _stem(facts: CertificateFacts) -> str:
    return f"{facts.address.rpartition('/')[2]}-{facts.version}"


def _unknown() -> NotFound:
    return NotFound(
        "certificate_unknown", "There is no such certificate, or its holder has withdrawn it."
    )


def _drawn(
    facts: CertificateFacts, proof: InclusionProof, *, bundle: bytes, market_name: str
) -> bytes:
    """The PDF; for a thread. The first one imports what draws, for two thirds of a second that no
    start of the marketplace should wait for."""
    from souk.rights.certificates.drawing import certificate_pdf  # noqa: PLC0415

    return certificate_pdf(facts, proof, bundle=bundle, market_name=market_name)
