"""Receipts of counted licences as devices send them."""

from collections.abc import Sequence

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.rights.protection import store
from souk.rights.protection.devices import own_device
from souk.rights.protection.errors import DeviceWithoutKey, ReceiptsForked
from souk.rights.protection.model import chain_on, read_batch
from souk_client.contracts.protection import ReceiptsTaken
from souk_client.proofs.receipts import Place


class ReceiptService:
    """Takes receipts in, each once. Opens its own transactions: a fork is noted though the
    request fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(
        self, actor: Actor, licence_id: str, device_id: str, texts: Sequence[str]
    ) -> ReceiptsTaken:
        """Takes receipts in, all or none of those that are new.

        A revoked device, too, may still tell what it used.

        Raises:
            NotFound: `device_unknown`, `device_without_key`.
            Invalid: `receipt_wrong`.
            Conflict: `receipts_missing`, `receipts_forked`, `uses_too_few`.
        """
        scope = scope_of(actor)
        try:
            async with self._database.transaction(scope) as uow:
                return await self._take(uow, actor, licence_id, device_id, texts)
        except ReceiptsForked:
            async with self._database.transaction(scope) as uow:
                await store.mark_forked(uow, licence_id, device_id)
            raise

    async def _take(
        self, uow: UnitOfWork, actor: Actor, licence_id: str, device_id: str, texts: Sequence[str]
    ) -> ReceiptsTaken:
        device = await own_device(uow, actor, device_id)
        batch = read_batch(
            texts, licence_id=licence_id, device_id=device_id, device_key=device.signing_key
        )
        await store.lock_licence(uow, licence_id)
        release = await store.release(uow, licence_id, device_id)
        if release is None or release.uses_granted is None or release.uses_receipted is None:
            raise DeviceWithoutKey()
        numbers = [item.receipt.sequence for item in batch]
        fresh = chain_on(
            Place(
                sequence=release.sequence,
                total=release.uses_receipted,
                last_hash=release.last_hash,
            ),
            batch,
            known=await store.receipt_hashes(uow, licence_id, device_id, numbers),
            granted=release.uses_granted,
        )
        if fresh:
            await store.add_receipts(uow, release, fresh)
        await store.saw_device(uow, device_id)
        last = fresh[-1].receipt if fresh else None
        return ReceiptsTaken(
            accepted=len(fresh),
            known=len(batch) - len(fresh),
            sequence=release.sequence if last is None else last.sequence,
            uses_receipted=release.uses_receipted if last is None else last.total,
            uses_granted=release.uses_granted,
        )
