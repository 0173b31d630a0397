"""What other contexts may ask of Xet."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk_client.contracts.works import Artifact

__all__ = ["Access", "Artifact", "Xet", "XetToken", "XetTokens"]

Access = Literal["read", "write"]


class XetToken(msgspec.Struct, frozen=True, kw_only=True):
    """A short-lived right at the content-addressed store, for one revision of one listing."""

    cas_url: str
    """Where the client finds the store; goes with the token as `X-Xet-Cas-Url`."""
    token: str
    """A bearer token that only this store takes; `X-Xet-Access-Token`."""
    expires_at: datetime
    """`X-Xet-Token-Expiration`, there in unix seconds."""


class XetTokens(Protocol):
    """Gives out tokens."""

    async def issue(
        self, uow: UnitOfWork, actor: Actor, listing_id: str, revision: str, access: Access
    ) -> XetToken:
        """A token for what the caller may do here.

        `write` is checked here: the caller must manage the listing; files sent under it are held by
        the listing's organisation. For `read`, whoever calls this has checked that the caller may
        have the revision's content (licence, gate); the token then opens the files of this
        revision, and nothing else.

        Args:
            revision: the id of the revision, as `Revisions` knows it; empty for `write`, and for
                `read` by a member of the listing's organisation before the first commit.

        Raises:
            NotFound: `listing_unknown`, `revision_unknown`.
            Forbidden: `not_listing_manager`, `permission_missing`.
        """
        ...


class Xet(Protocol):
    """Files by their Xet hash."""

    async def file_hash(self, uow: UnitOfWork, sha256: str) -> str | None:
        """The Xet hash of an artifact (64 hex digits), once it can be read by Xet; else None."""
        ...

    async def file_hashes(self, uow: UnitOfWork, sha256s: Collection[str]) -> dict[str, str]:
        """The same for many, by sha256; those that cannot be read by Xet are left out."""
        ...

    async def artifacts_of(
        self, uow: UnitOfWork, actor: Actor, sha256s: Collection[str]
    ) -> dict[str, Artifact]:
        """What finished Xet uploads left for a commit to name, by sha256.

        Those that an organisation of the caller holds, all of their bytes verified; a scan may
        still be pending.
        """
        ...
