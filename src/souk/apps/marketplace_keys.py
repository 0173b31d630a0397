"""The marketplace's keys in the hand of the operator: a new one when an old one leaked."""

from souk.apps.container import Container
from souk.infra.keyring import KEPT_VERIFYING, PURPOSES
from souk.infra.keyring.data_key_store import StorageKey
from souk.infra.postgres.scope import SYSTEM


async def marketplace_keys(
    container: Container,
) -> tuple[dict[str, list[str]], list[StorageKey]]:
    """The ids of the keys that verify, by purpose, oldest first, of which the last one signs; and
    the keys that wrap the keys of encrypted blobs, oldest first."""
    core = container.core
    async with container.opened():
        signing = {
            purpose: [key.kid for key in await core.keyring.verifiers(purpose)]
            for purpose in PURPOSES
        }
        async with core.database.transaction(SYSTEM, read_only=True) as uow:
            return signing, await core.data_keys.storage_keys(uow)


async def rotate_signing_key(container: Container, purpose: str) -> str:
    """Makes a new key that signs from now on; answers its id."""
    async with container.opened():
        fresh = await container.core.keyring.rotate(purpose, keep_verifying=KEPT_VERIFYING[purpose])
        return fresh.public.kid


async def rotate_storage_key(container: Container) -> tuple[str, int]:
    """Makes a new key that wraps all keys of encrypted blobs; answers its id, and how many."""
    async with container.opened():
        return await container.core.data_keys.rotate()
