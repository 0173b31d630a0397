"""What other contexts may ask of protection."""

from typing import Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.rights.protection.errors import ProtectedOnly
from souk_client.proofs.protected_file import ProtectedFile

__all__ = ["ProtectedOnly", "Protection"]


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

    async def only_devices(self, uow: UnitOfWork, listing_id: str) -> bool:
        """Whether a listing's files leave only encrypted for devices."""
        ...
