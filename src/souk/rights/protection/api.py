"""What other contexts may ask of protection."""

from typing import Literal, Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.rights.protection.errors import ProtectedOnly
from souk_client.contracts.protection import Device, ListingProtection
from souk_client.proofs.protected_file import ProtectedFile

__all__ = ["Devices", "ProtectedOnly", "Protection", "ProtectionChoices"]


class MarkedFile(msgspec.Struct, frozen=True, kw_only=True):
    """Of which file a marked copy is."""

    path: str
    version_id: str


class Protection(Protocol):
    """Keys of protected files, and who may have them."""

    async def admit(self, uow: UnitOfWork, actor: Actor, licence_id: str, device_id: str) -> None:
        """Checks that this device of the caller has the licence's key.

        Raises:
            NotFound: `device_unknown`, `device_without_key`. Conflict: `device_revoked`.
        """
        ...

    def file(self, licence_id: str, *, path: str, sha256: str, size_bytes: int) -> ProtectedFile:
        """What encrypts a file for the devices of a licence."""
        ...

    async def marked(self, uow: UnitOfWork, licence_id: str, sha256: str) -> MarkedFile | None:
        """The marked copy of this hash that was made for a licence."""
        ...

    async def only_devices(self, uow: UnitOfWork, listing_id: str) -> bool:
        """Whether a listing's files leave only encrypted for devices."""
        ...


class Devices(Protocol):
    """A user's devices."""

    async def mine(self, uow: UnitOfWork, actor: Actor) -> list[Device]:
        """The caller's devices, revoked ones last, with the licences that they have keys of."""
        ...

    async def revoke(self, uow: UnitOfWork, actor: Actor, device_id: str) -> None:
        """Ends a device for good. Raises NotFound `device_unknown`."""
        ...


class ProtectionChoices(Protocol):
    """How listings' files leave."""

    async def get(self, uow: UnitOfWork, listing_id: str) -> ListingProtection:
        """What was chosen for a listing. Raises NotFound `listing_unknown`."""
        ...

    async def only_devices(self, uow: UnitOfWork, listing_id: str) -> bool:
        """Whether files leave only for devices, of a listing that is known to be there."""
        ...

    async def choose(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, delivery: Literal["open", "devices"]
    ) -> ListingProtection:
        """Chooses for a listing that the caller manages. Raises NotFound, Forbidden."""
        ...
