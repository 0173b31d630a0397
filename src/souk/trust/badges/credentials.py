"""Use cases of credentials: issued to verified sellers, revoked when they are so no longer."""

import secrets
from datetime import timedelta
from typing import Final

from souk.infra.keyring import CREDENTIAL, Keyring
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Forbidden, NotFound
from souk.kernel.ids import CredentialId, new_id
from souk.people.organisations.api import OrganisationFacts, OrganisationsApi
from souk.people.wallets.api import Dids
from souk.trust.badges import credential_store as store
from souk.trust.badges.api import Badges
from souk.trust.badges.credential_model import (
    LIST_BITS,
    Place,
    Subject,
    author_claims,
    sign_credential,
    status_claims,
    status_url,
)
from souk_client.contracts.credentials import AuthorCredential

GOOD_FOR: Final = timedelta(days=90)
CHECK_AGAIN: Final = timedelta(minutes=1)
AT_ONCE: Final = 100
FULL: Final = LIST_BITS * 3 // 4
"""A list with more places taken is left for the next: a free one would be long sought."""


class CredentialService:
    """Implements `badges.api.Credentials`."""

    def __init__(
        self,
        *,
        base_url: str,
        organisations: OrganisationsApi,
        badges: Badges,
        dids: Dids,
        keyring: Keyring,
    ) -> None:
        self._base_url = base_url
        self._organisations = organisations
        self._badges = badges
        self._dids = dids
        self._keyring = keyring

    async def issue(self, uow: UnitOfWork, actor: Actor, slug: str) -> AuthorCredential:
        """A new credential for a verified seller; the one before is revoked."""
        organisation = await self._managed(uow, actor, slug)
        badge = await self._badges.badge(uow, organisation.id)
        if not badge.verified:
            raise Conflict(
                "author_not_verified",
                "Only a verified seller has a credential; the storefront says what is missing.",
            )
        key = await self._keyring.current(CREDENTIAL)
        async with uow.as_system():  # places are shared by all sellers
            await store.lock_places(uow)
            await store.revoke(uow, organisation.id, reason="replaced by a newer one")
            place = await _free_place(uow)
        credential_id = CredentialId(new_id("crd", uow.now))
        claims = author_claims(
            credential_url=f"{self._base_url}/api/v1/storefronts/{slug}/credential#{credential_id}",
            issuer=self._dids.market(),
            base_url=self._base_url,
            subject=Subject(
                did=self._dids.of_organisation(organisation.slug),
                name=organisation.name,
                storefront=f"{self._base_url}/{organisation.slug}",
            ),
            badge=badge,
            place=place,
            issued_at=uow.now,
            expires_at=uow.now + GOOD_FOR,
        )
        row = store.CredentialRow(
            id=credential_id,
            owner_organisation_id=organisation.id,
            list_number=place.number,
            list_index=place.index,
            token=sign_credential(claims, key, issuer=self._dids.market()),
            issued_by=actor.require_user(),
            issued_at=uow.now,
            expires_at=uow.now + GOOD_FOR,
            revoked_at=None,
        )
        await store.insert(uow, row)
        return self._credential(row, organisation)

    async def current(self, uow: UnitOfWork, slug: str) -> AuthorCredential:
        """A seller's live credential."""
        found = await self.find(uow, slug)
        if found is None:
            raise NotFound("credential_unknown", "This seller has no credential.")
        return found

    async def find(self, uow: UnitOfWork, slug: str) -> AuthorCredential | None:
        """A seller's live credential, if there is one."""
        organisation = await self._organisations.seller(uow, slug)
        row = await store.live(uow, organisation.id)
        return None if row is None else self._credential(row, organisation)

    async def revoke(self, uow: UnitOfWork, actor: Actor, slug: str) -> None:
        """Takes the seller's live credential back."""
        organisation = await self._managed(uow, actor, slug)
        if not await store.revoke(uow, organisation.id, reason="taken back by the seller"):
            raise NotFound("credential_unknown", "This seller has no credential.")

    async def status_list(self, uow: UnitOfWork, number: int) -> str:
        """The list of revoked credentials, signed."""
        async with uow.as_system():
            newest, _ = await store.newest_list(uow)
            if not 0 < number <= newest:
                raise NotFound("status_list_unknown", "There is no list of this number.")
            revoked = await store.revoked_of(uow, number)
        claims = status_claims(
            base_url=self._base_url,
            issuer=self._dids.market(),
            number=number,
            revoked=revoked,
            now=uow.now,
        )
        key = await self._keyring.current(CREDENTIAL)
        return sign_credential(claims, key, issuer=self._dids.market())

    async def sweep(self, uow: UnitOfWork) -> None:
        """Revokes credentials of sellers who are verified no longer (system scope)."""
        sellers = await store.to_check(uow, before=uow.now - CHECK_AGAIN, limit=AT_ONCE)
        for organisation_id in sellers:
            hidden = await self._organisations.is_hidden(uow, organisation_id)
            if hidden or not (await self._badges.badge(uow, organisation_id)).verified:
                await store.revoke(uow, organisation_id, reason="the seller is not verified now")

    async def _managed(self, uow: UnitOfWork, actor: Actor, slug: str) -> OrganisationFacts:
        actor.require_user()
        organisation = await self._organisations.seller(uow, slug)
        if not actor.manages(organisation.id):
            raise Forbidden("not_manager", "Only owners and managers of the seller may do this.")
        return organisation

    def _credential(
        self, row: store.CredentialRow, organisation: OrganisationFacts
    ) -> AuthorCredential:
        return AuthorCredential(
            id=row.id,
            subject=self._dids.of_organisation(organisation.slug),
            issuer=self._dids.market(),
            token=row.token,
            status_list=status_url(self._base_url, row.list_number),
            issued_at=row.issued_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
        )


async def _free_place(uow: UnitOfWork) -> Place:
    """A place of chance: who sees two credentials learns nothing of how many lie between."""
    number, taken = await store.newest_list(uow)
    if taken >= FULL:
        return Place(number=number + 1, index=secrets.randbelow(LIST_BITS))
    while True:  # at least one in four is free
        index = secrets.randbelow(LIST_BITS)
        if not await store.is_taken(uow, number=number, index=index):
            return Place(number=number, index=index)
