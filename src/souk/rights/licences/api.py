"""What other contexts may ask of licences."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.paging import Page
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.rights import Licence, LicenceCheck, LicenceState, Seat
from souk_client.contracts.works import LicenceTerms
from souk_client.proofs import LicenceFacts, LicensedFile

__all__ = [
    "Grant",
    "Licence",
    "LicenceCheck",
    "LicenceFacts",
    "LicenceState",
    "LicenceTerms",
    "Licences",
    "LicensedFile",
    "LicensedVersion",
    "OwnerRef",
    "Seat",
]


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A licence as delivery needs it: which licence lets whom have which files."""

    licence_id: str
    listing_id: str
    version_id: str
    """The version that was current when it was issued; later ones are included."""
    licensee_id: str
    kind: Literal["perpetual", "timed", "counted", "seats"]
    state: LicenceState
    valid_until: datetime | None


class LicensedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A published version that a licence covers beside the one it was issued for."""

    version: str
    files: tuple[LicensedFile, ...]


class Licences(Protocol):
    """Licences. Rows are seen by the licensee's and the licensor's organisation."""

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
        """Issues a licence and appends its provenance entry, in the caller's transaction.

        The entry (`sold` for a sale) names the licensor, and the licensee by a commitment only;
        so callers append none of their own for this.

        Args:
            licence_id: one that `new_id("lic", …)` gave before, when its token is on a chain.
        """
        ...

    async def revoke(
        self,
        uow: UnitOfWork,
        licence_id: str,
        *,
        reason: str,
        entry_kind: Literal["revoked", "refunded"] = "revoked",
    ) -> Licence:
        """Ends a licence for good, appends the entry, announces `rights.licence_revoked`.

        A licence that is revoked already stays as it is, and nothing is appended.

        Raises:
            NotFound: `licence_unknown`, also when this scope may not see it.
        """
        ...

    async def transfer(
        self, uow: UnitOfWork, licence_id: str, *, to: OwnerRef, details: Mapping[str, str]
    ) -> Licence:
        """Gives a licence another holder, appends `transferred`, announces it (system scope).

        Whoever has it already keeps it, and nothing is appended. A revoked licence moves as well,
        and stays revoked.

        Args:
            details: where it is written that it went there, for the public log.

        Raises:
            NotFound: `licence_unknown`.
        """
        ...

    async def content_digest(self, uow: UnitOfWork, licence_id: str) -> str:
        """SHA-256 of the licensed files' manifest, hex. Raises NotFound `licence_unknown`."""
        ...

    async def get(self, uow: UnitOfWork, licence_id: str) -> Licence:
        """Raises NotFound `licence_unknown`, also when this scope may not see it."""
        ...

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
        """Licences that these organisations hold (or gave), newest first."""
        ...

    async def check(
        self, uow: UnitOfWork, licence_id: str, *, user_id: str | None = None
    ) -> LicenceCheck:
        """Whether a licence is good now, and if not why. Raises NotFound `licence_unknown`.

        Args:
            user_id: when given, a licence with seats is good only when this user has one.
        """
        ...

    async def find_good(
        self,
        uow: UnitOfWork,
        organisation_ids: Collection[str],
        listing_id: str,
        *,
        user_id: str | None = None,
    ) -> Grant | None:
        """A licence of these organisations for this listing that is good now, the longest-lived.

        Args:
            user_id: who wants to use it: a licence with seats counts only for those seated.
        """
        ...

    async def grant(self, uow: UnitOfWork, licence_id: str) -> Grant:
        """A licence as delivery needs it. Raises NotFound `licence_unknown`."""
        ...

    async def use(self, uow: UnitOfWork, licence_id: str, *, uses: int = 1) -> LicenceCheck:
        """Takes uses from a counted licence, all or none; other kinds have no count to take from.

        Raises:
            NotFound: `licence_unknown`.
            Conflict: `licence_not_good` with `state`, `uses_too_few` with `uses_left`.
        """
        ...

    async def facts(self, uow: UnitOfWork, licence_id: str) -> LicenceFacts:
        """What the licence file says, of the version that the licence was issued for.

        Raises:
            NotFound: `licence_unknown`.
        """
        ...

    async def content_files(self, uow: UnitOfWork, content_sha256: str) -> tuple[LicensedFile, ...]:
        """The files of a licensed version, by its content digest; they are public."""
        ...

    async def signed_file(
        self, uow: UnitOfWork, licence_id: str, *, later: LicensedVersion | None = None
    ) -> str:
        """The licence file (compact JWS); `souk_client.proofs.verify_licence` checks it offline.

        Args:
            later: the version whose files it shall name; the one it was issued for when None.

        Raises:
            NotFound: `licence_unknown`.
            Conflict: `licence_not_good` when it was revoked: its file would still verify offline.
        """
        ...

    async def bundle(
        self, uow: UnitOfWork, licence_id: str, *, later: LicensedVersion | None = None
    ) -> bytes:
        """The evidence bundle: licence file, provenance entry, inclusion proof, head and keys.

        Args:
            later: as of `signed_file`.

        Raises:
            NotFound: `licence_unknown`.
            Conflict: `proof_pending` with `retry_after_s`, `licence_not_good` when it was revoked.
        """
        ...
