"""Use cases of decentralised identifiers: documents of the marketplace, sellers and wallets."""

from souk.infra.keyring import CREDENTIAL, Keyring
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import NotFound
from souk.people.organisations.api import OrganisationsApi
from souk.people.wallets import store
from souk.people.wallets.dids import (
    market_did,
    market_document,
    organisation_did,
    organisation_document,
    slug_of,
    wallet_document,
)
from souk_client.contracts.wallets import DidDocument


class DidService:
    """Implements `Dids`."""

    def __init__(self, *, base_url: str, organisations: OrganisationsApi, keyring: Keyring) -> None:
        self._base_url = base_url
        self._organisations = organisations
        self._keyring = keyring

    def market(self) -> str:
        """The marketplace's identifier."""
        return market_did(self._base_url)

    def of_organisation(self, slug: str) -> str:
        """An organisation's identifier."""
        return organisation_did(self._base_url, slug)

    async def market_document(self) -> DidDocument:
        """Which keys sign credentials in the marketplace's name."""
        return market_document(self._base_url, await self._keyring.public_keys(CREDENTIAL))

    async def organisation_document(self, uow: UnitOfWork, slug: str) -> DidDocument:
        """Where a seller is found, and the wallets that its owner shows."""
        organisation = await self._organisations.seller(uow, slug)
        async with uow.as_system():  # users belong to no public scope
            wallets = await store.published_of(uow, organisation.id)
        return organisation_document(self._base_url, organisation.slug, wallets)

    async def resolve(self, uow: UnitOfWork, did: str) -> DidDocument:
        """The document of an identifier of this marketplace, or of any wallet.

        Raises:
            NotFound: `did_unknown`, `organisation_unknown`.
        """
        if did == self.market():
            return await self.market_document()
        slug = slug_of(self._base_url, did)
        if slug is not None:
            return await self.organisation_document(uow, slug)
        found = wallet_document(did)
        if found is None:
            raise NotFound(
                "did_unknown",
                "Only did:pkh identifiers of EVM accounts, and the did:web identifiers of this "
                "marketplace and its sellers, are known here.",
            )
        return found
