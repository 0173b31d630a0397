"""The signing keys in the hand of the operator: a new one when an old one leaked."""

from souk.apps.container import Container
from souk.infra.keyring import KEPT_VERIFYING, PURPOSES


async def signing_keys(container: Container) -> dict[str, list[str]]:
    """The ids of the keys that verify, by purpose, oldest first; the last one signs."""
    async with container.opened():
        keyring = container.core.keyring
        return {
            purpose: [key.kid for key in await keyring.verifiers(purpose)] for purpose in PURPOSES
        }


async def rotate_signing_key(container: Container, purpose: str) -> str:
    """Makes a new key that signs from now on; answers its id."""
    async with container.opened():
        fresh = await container.core.keyring.rotate(purpose, keep_verifying=KEPT_VERIFYING[purpose])
        return fresh.public.kid
