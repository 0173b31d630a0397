"""Finding a repository and a revision of it, as this caller may see them."""

import msgspec

from souk.delivery.hub.errors import RepositoryUnknown, RevisionUnknown
from souk.delivery.hub.model import (
    EMPTY_OID,
    TAG_PREFIX,
    RepoType,
    as_oid,
    as_version,
    oid_of,
    serves,
    split_address,
)
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Forbidden, NotFound, Unauthenticated
from souk.works.listings.api import Repositories, Repository
from souk.works.revisions.api import MAIN, Revisions


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A repository as the caller sees it."""

    repository: Repository
    type: RepoType
    member: bool
    """Of the seller's organisation: sees every commit, others see published versions."""

    @property
    def id(self) -> str:
        return self.repository.id

    @property
    def address(self) -> str:
        return self.repository.address


class At(msgspec.Struct, frozen=True, kw_only=True):
    """A revision that a name stands for."""

    revision_id: str | None
    """None before the first commit: there are no files."""
    version_id: str | None
    """The published version that it is, if it is one."""

    @property
    def oid(self) -> str:
        return oid_of(self.revision_id)


class Desk:
    """Answers which repository and which revision is meant, or that there is none."""

    def __init__(self, repositories: Repositories, revisions: Revisions) -> None:
        self._repositories = repositories
        self._revisions = revisions

    async def see(
        self, uow: UnitOfWork, actor: Actor, repo_type: RepoType, *, owner: str, name: str
    ) -> Seen:
        """The repository at `owner/name`; case does not count.

        Raises:
            NotFound: `repository_unknown`.
        """
        try:
            found = await self._repositories.find(uow, owner.lower(), name.lower())
        except NotFound as error:
            raise RepositoryUnknown(f"{owner[:96]}/{name[:96]}") from error
        member = actor.belongs_to(found.organisation_id)
        if not serves(repo_type, found.kind) or (not member and found.published_at is None):
            raise RepositoryUnknown(found.address)
        return Seen(repository=found, type=repo_type, member=member)

    async def see_own(
        self, uow: UnitOfWork, actor: Actor, repo_type: RepoType, *, owner: str, name: str
    ) -> Seen:
        """The same, for whoever wants to change it; that they may is checked where it is changed.

        Raises:
            NotFound: `repository_unknown`. Unauthenticated: `key_needed`.
        """
        require_key(actor)
        return await self.see(uow, actor, repo_type, owner=owner, name=name)

    async def by_address(
        self, uow: UnitOfWork, actor: Actor, repo_type: RepoType, address: str
    ) -> Seen:
        """As `see`, of a text such as `owner/name`."""
        owner, name = split_address(address)
        return await self.see(uow, actor, repo_type, owner=owner, name=name)

    async def at(self, uow: UnitOfWork, seen: Seen, name: str) -> At:
        """The revision of this name: `main`, a version, a tag, a branch or a commit.

        To others than members `main` is the version that buyers get, and there are only published
        versions.

        Raises:
            NotFound: `revision_not_found`.
        """
        found = await self.find(uow, seen, name)
        if found is None:
            raise RevisionUnknown(name)
        return found

    async def find(self, uow: UnitOfWork, seen: Seen, name: str) -> At | None:
        """The same, or None when there is none of this name."""
        short = name.removeprefix("refs/heads/").removeprefix("refs/tags/")
        version = as_version(short)
        if version is not None:
            return await self._of_version(uow, seen, version)
        if not seen.member:
            return await self._public(uow, seen, short)
        head = await self._revisions.head(uow, seen.id, ref=short)
        if head is None and short in (MAIN, EMPTY_OID):
            return At(revision_id=None, version_id=None)
        if head is None:
            head = await self._revisions.head(uow, seen.id, ref=f"{TAG_PREFIX}{short}")
        prefix = as_oid(short)
        if head is None and prefix is not None:
            head = await self._revisions.find(uow, seen.id, prefix=prefix)
        return None if head is None else await self._named(uow, seen, head.id)

    async def _of_version(self, uow: UnitOfWork, seen: Seen, version: str) -> At | None:
        found = await self._repositories.version(uow, seen.id, version)
        if found is None or not (found.published or seen.member):
            return None
        return At(revision_id=found.revision_id, version_id=found.id if found.published else None)

    async def _public(self, uow: UnitOfWork, seen: Seen, name: str) -> At | None:
        current = seen.repository
        if name == MAIN and current.revision_id is not None:
            return At(revision_id=current.revision_id, version_id=current.version_id)
        prefix = as_oid(name)
        if prefix is None:
            return None
        for version in await self._repositories.versions(uow, seen.id):
            if version.published and version.revision_id.startswith(prefix):
                return At(revision_id=version.revision_id, version_id=version.id)
        return None

    async def _named(self, uow: UnitOfWork, seen: Seen, revision_id: str) -> At:
        """The revision, with the published version that it is."""
        for version in await self._repositories.versions(uow, seen.id):
            if version.published and version.revision_id == revision_id:
                return At(revision_id=revision_id, version_id=version.id)
        return At(revision_id=revision_id, version_id=None)


def check_writer(actor: Actor, seen: Seen) -> None:
    """That the caller may commit here.

    Raises:
        Forbidden: `not_listing_manager`, `permission_missing`.
    """
    if not actor.manages(seen.repository.organisation_id):
        raise Forbidden(
            "not_listing_manager", "Only owners and managers of the selling organisation may do it."
        )
    actor.require("marketplace:manage_resource")


def require_key(actor: Actor) -> None:
    """That a program asks, with a key or a token of its own: a page's cookie opens nothing here.

    Raises:
        Unauthenticated: `sign_in_needed`, `key_needed`.
    """
    actor.require_user()
    if actor.credential == "session":
        raise Unauthenticated("key_needed", "Send an API key (vk_…) as the token.")
