"""Listings as repositories: what the hub protocol asks of them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk_client.contracts.base import ListingKind
from souk_client.contracts.works import (
    ListingState,
)


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A listing as somebody sees it who pulls its files, or pushes to it."""

    id: str
    organisation_id: str
    owner: str
    """The slug of the seller's organisation; `owner/slug` is the address."""
    slug: str
    kind: ListingKind
    title: str
    summary: str
    licence: str | None
    task: str
    tags: list[str]
    frameworks: list[str]
    state: ListingState
    hidden: bool
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None
    version_id: str | None
    """The version that buyers get now, and its name and revision; None before the first."""
    version: str | None
    revision_id: str | None

    @property
    def address(self) -> str:
        return f"{self.owner}/{self.slug}"


class RepositoryVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version as the name of a revision."""

    id: str
    version: str
    revision_id: str
    published: bool


class Repositories(Protocol):
    """Listings as repositories; every answer holds only what this scope may see."""

    async def find(self, uow: UnitOfWork, owner: str, slug: str) -> Repository:
        """The listing at `owner/slug`. Raises NotFound `listing_unknown`."""
        ...

    async def card_fields(self, uow: UnitOfWork, listing_id: str) -> dict[str, Any]:
        """What its card's front matter says, as YAML has it; empty when it cannot be read."""
        ...

    def card_problem(self, card: str) -> str | None:
        """What is wrong with a card's front matter, with the line; None when nothing is."""
        ...

    async def versions(self, uow: UnitOfWork, listing_id: str) -> list[RepositoryVersion]:
        """Its versions, newest first."""
        ...

    async def version(
        self, uow: UnitOfWork, listing_id: str, version: str
    ) -> RepositoryVersion | None:
        """One version by its semantic version."""
        ...

    async def downloads(self, uow: UnitOfWork, listing_ids: Collection[str]) -> dict[str, int]:
        """How often each of these listings was downloaded."""
        ...
