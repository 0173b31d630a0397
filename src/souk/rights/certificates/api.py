"""What other contexts may ask of certificates."""

from typing import Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.certificates import Certificate, CertificateCheck, CertificateState

__all__ = ["Certificate", "CertificateCheck", "CertificateState", "Certificates", "Drawn"]


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """A file to hand over."""

    filename: str
    content: bytes


class Certificates(Protocol):
    """Certificates of ownership."""

    async def make(
        self, uow: UnitOfWork, actor: Actor, licence_id: str, *, shows_holder: bool
    ) -> Certificate:
        """The licence's certificate: made when there is none, else changed as asked for.

        Raises:
            NotFound: `licence_unknown`. Forbidden: `licensee_only`.
            Conflict: `licence_not_good` when the licence was revoked.
        """
        ...

    async def of_licence(
        self, uow: UnitOfWork, actor: Actor, licence_id: str
    ) -> Certificate | None:
        """The licence's certificate, to members of its holder; None when there is none.

        Raises:
            NotFound: `licence_unknown`. Forbidden: `licensee_only`.
        """
        ...

    async def withdraw(self, uow: UnitOfWork, actor: Actor, licence_id: str) -> None:
        """Makes the code unknown for good. Harmless when there is no certificate.

        Raises:
            NotFound: `licence_unknown`. Forbidden: `licensee_only`.
        """
        ...

    async def check(self, uow: UnitOfWork, code: str) -> CertificateCheck:
        """What the certificate says now, to anybody. Raises NotFound `certificate_unknown`."""
        ...

    async def bundle(self, uow: UnitOfWork, actor: Actor, licence_id: str) -> Drawn:
        """The machine-readable certificate with its proofs, as `mp verify` takes it.

        Raises:
            NotFound: `licence_unknown`, `certificate_unknown`. Forbidden: `licensee_only`.
            Conflict: `proof_pending`, `licence_not_good` when the licence was revoked.
        """
        ...

    async def pdf(self, uow: UnitOfWork, actor: Actor, licence_id: str) -> Drawn:
        """The same as a page to print, with the bundle attached. Raises as `bundle`."""
        ...

    def qr_code(self, code: str) -> str:
        """The address of the public check as an SVG picture; of any code, it asks nothing."""
        ...
