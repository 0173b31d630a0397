"""Listings as repositories: what somebody who pulls files needs to know, in one short read."""

from collections.abc import Collection
from typing import Any

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Invalid
from souk.people.organisations.api import OrganisationsApi
from souk.works.listings import repository_store, store, version_store
from souk.works.listings.api import Repository, RepositoryVersion
from souk.works.listings.cards import read_card
from souk.works.listings.errors import ListingUnknown
from souk.works.listings.front_matter import read_front_matter


class RepositoryReader:
    """Implements `listings.api.Repositories`."""

    def __init__(self, organisations: OrganisationsApi) -> None:
        self._organisations = organisations

    async def find(self, uow: UnitOfWork, owner: str, slug: str) -> Repository:
        organisation = await self._organisations.by_slug(uow, owner)
        if organisation is None:
            raise ListingUnknown()
        row = await repository_store.find(uow, organisation.id, slug)
        if row is None:
            raise ListingUnknown()
        return row.to_repository(owner=organisation.slug)

    async def card_fields(self, uow: UnitOfWork, listing_id: str) -> dict[str, Any]:
        card = await repository_store.card(uow, listing_id) or ""
        try:
            return {name: field.value for name, field in read_front_matter(card).items()}
        except Invalid:
            return {}

    def card_problem(self, card: str) -> str | None:
        try:
            read_card(card)
        except Invalid as error:
            return error.detail
        return None

    async def versions(self, uow: UnitOfWork, listing_id: str) -> list[RepositoryVersion]:
        return [
            RepositoryVersion(
                id=row.id,
                version=row.version,
                revision_id=row.revision_id,
                published=row.published_at is not None,
            )
            for row in await version_store.versions_of(uow, listing_id)
        ]

    async def version(
        self, uow: UnitOfWork, listing_id: str, version: str
    ) -> RepositoryVersion | None:
        return await repository_store.version(uow, listing_id, version)

    async def downloads(self, uow: UnitOfWork, listing_ids: Collection[str]) -> dict[str, int]:
        found = dict.fromkeys(listing_ids, 0)
        for counted in await store.counts(uow, listing_ids):
            found[counted.listing_id] += counted.downloads
        return found
