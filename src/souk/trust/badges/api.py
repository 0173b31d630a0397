"""What other contexts may ask of badges."""

from typing import Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import Page
from souk_client.contracts.credentials import AuthorCredential
from souk_client.contracts.storefronts import (
    Badge,
    IdentityCase,
    IdentityDecision,
    IdentityRequest,
    Storefront,
    StorefrontUpdate,
    WebsiteCheck,
)

__all__ = ["AuthorCredential", "Badge", "Badges", "Credentials", "Storefront"]


class Badges(Protocol):
    """Storefronts, and the checks behind a seller's badge."""

    async def storefront(self, uow: UnitOfWork, slug: str) -> Storefront:
        """A seller. Raises NotFound `organisation_unknown`."""
        ...

    async def badge(self, uow: UnitOfWork, organisation_id: str) -> Badge:
        """Whether a seller is verified, and why (not)."""
        ...

    async def update(
        self, uow: UnitOfWork, actor: Actor, slug: str, update: StorefrontUpdate
    ) -> Storefront:
        """Managers: what the seller says of itself. Raises NotFound, Forbidden `not_manager`."""
        ...

    async def website_check(self, uow: UnitOfWork, actor: Actor, slug: str) -> WebsiteCheck:
        """Managers: how to prove the website. Raises Conflict `website_missing`."""
        ...

    async def check_website(self, uow: UnitOfWork, actor: Actor, slug: str) -> WebsiteCheck:
        """Managers: asks for the website to be looked at now.

        Raises:
            Conflict: `website_missing`. TooMany: `website_checked_lately`.
        """
        ...

    async def ask_identity(
        self, uow: UnitOfWork, actor: Actor, slug: str, request: IdentityRequest
    ) -> Badge:
        """Managers: asks the operator to check who is behind the seller.

        Raises:
            Conflict: `identity_pending`.
        """
        ...

    async def identity_cases(
        self, uow: UnitOfWork, actor: Actor, *, cursor: str | None, limit: int
    ) -> Page[IdentityCase]:
        """Admin: who waits to be checked, the longest first."""
        ...

    async def decide_identity(
        self, uow: UnitOfWork, actor: Actor, slug: str, decision: IdentityDecision
    ) -> Badge:
        """Admin: what came of the check. Raises Conflict `identity_not_pending`."""
        ...


class Credentials(Protocol):
    """Verifiable credentials of verified sellers."""

    async def issue(self, uow: UnitOfWork, actor: Actor, slug: str) -> AuthorCredential:
        """Managers: a new one; the one before is revoked.

        Raises:
            Conflict: `author_not_verified`. NotFound, Forbidden `not_manager`.
        """
        ...

    async def find(self, uow: UnitOfWork, slug: str) -> AuthorCredential | None:
        """A seller's live credential, if there is one."""
        ...

    async def revoke(self, uow: UnitOfWork, actor: Actor, slug: str) -> None:
        """Managers: takes it back. Raises NotFound `credential_unknown`, Forbidden."""
        ...
