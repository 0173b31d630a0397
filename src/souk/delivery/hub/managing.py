"""Making repositories, publishing, retiring and removing them; branches, tags and versions."""

import msgspec

from souk.delivery.hub.asked import NamedRepository, NewRepository, RepositorySettings
from souk.delivery.hub.desk import Desk, Seen, require_key
from souk.delivery.hub.errors import NotOffered, RepositoryTaken, RevisionUnknown
from souk.delivery.hub.model import (
    TAG_PREFIX,
    RepoType,
    as_version,
    next_version,
    ref_problem,
)
from souk.delivery.hub.wire import CreatedRepository
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Invalid, NotFound
from souk.people.organisations.api import OrganisationsApi
from souk.works.listings.api import (
    ListingEditing,
    Listings,
    Repositories,
    VersionPublishing,
)
from souk.works.revisions.api import MAIN, Revisions
from souk_client.contracts.base import Slug
from souk_client.contracts.works import ListingRequest


class HubManager:
    """What sellers do with repositories beside commits."""

    def __init__(
        self,
        database: Database,
        desk: Desk,
        *,
        repositories: Repositories,
        revisions: Revisions,
        listings: Listings,
        editor: ListingEditing,
        publisher: VersionPublishing,
        organisations: OrganisationsApi,
        base_url: str,
    ) -> None:
        self._database = database
        self._desk = desk
        self._repositories = repositories
        self._revisions = revisions
        self._listings = listings
        self._editor = editor
        self._publisher = publisher
        self._organisations = organisations
        self._base_url = base_url

    async def create(
        self, uow: UnitOfWork, actor: Actor, wanted: NewRepository
    ) -> CreatedRepository:
        """A draft listing: nobody else sees it until it is published.

        Raises:
            Conflict: `repository_taken`, `listings_full`.
            Invalid: `name_invalid`, `hub_not_offered`.
            NotFound: `organisation_unknown`. Forbidden: `not_listing_manager`.
        """
        require_key(actor)
        repo_type = _type(wanted.type)
        owner, organisation_id = await self._owner(uow, actor, wanted.organization)
        try:
            slug = msgspec.convert(wanted.name.lower(), Slug)
        except msgspec.ValidationError as error:
            raise Invalid(
                "name_invalid",
                "A repository's name has 1 to 96 letters, digits, dots, dashes and underscores.",
            ) from error
        title = wanted.name.replace("-", " ").replace("_", " ").strip() or wanted.name
        address = f"{owner}/{slug}"
        prefix = "datasets/" if repo_type == "dataset" else ""
        url = f"{self._base_url}/{prefix}{address}"
        request = ListingRequest(
            kind=repo_type, slug=slug, title=title, organisation_id=organisation_id
        )
        try:
            listing = await self._editor.create(uow, actor, request)
        except Conflict as error:
            if error.code == "slug_taken":  # with its address, for callers who want just that
                raise RepositoryTaken(address, url=url) from error
            raise
        return CreatedRepository(url=url, name=address, id=listing.id)

    async def delete(self, uow: UnitOfWork, actor: Actor, named: NamedRepository) -> None:
        """Removes a draft for good; takes a published listing off the market.

        Raises:
            NotFound: `repository_unknown`. Forbidden: `not_listing_manager`.
        """
        require_key(actor)
        owner, _ = await self._owner(uow, actor, named.organization)
        seen = await self._desk.see_own(uow, actor, _type(named.type), owner=owner, name=named.name)
        if seen.repository.published_at is None:
            await self._editor.discard(uow, actor, seen.id)
        else:
            await self._editor.retire(uow, actor, seen.id)

    async def change(
        self,
        actor: Actor,
        repo_type: RepoType,
        *,
        owner: str,
        name: str,
        settings: RepositorySettings,
    ) -> None:
        """Publishes or retires. What `main` holds becomes a version first, unless it is one.

        Raises:
            NotFound: `repository_unknown`. Invalid: `hub_not_offered`.
            Conflict: as publishing says, `publish_incomplete` for instance.
        """
        if settings.gated is not None:
            raise NotOffered(
                "Whether a repository is gated follows from its offers: one that is free and "
                "perpetual opens it to everybody. Change them on the listing's page."
            )
        async with self._database.transaction(scope_of(actor)) as uow:
            seen = await self._desk.see_own(uow, actor, repo_type, owner=owner, name=name)
            await self._listings.managed(uow, actor, seen.id)
            version = None
            if settings.wanted == "public":
                version = await self._newest(uow, actor, seen)
            elif settings.wanted == "private" and seen.repository.state == "published":
                await self._editor.retire(uow, actor, seen.id)
        if settings.wanted == "public":
            try:
                await self._publisher.publish_when_scanned(actor, seen.id, version=version)
            except Conflict as error:
                raise _with_page(error, f"{self._base_url}/{seen.address}") from error

    async def tag(
        self, uow: UnitOfWork, actor: Actor, seen: Seen, *, revision: str, name: str
    ) -> None:
        """Names a revision: `1.2.0` or `v1.2.0` makes a version, which never changes or goes.

        Raises:
            NotFound: `revision_not_found`. Conflict: `version_taken`, `tag_taken`.
            Invalid: `ref_invalid`. Forbidden: `not_listing_manager`.
        """
        managed = await self._listings.managed(uow, actor, seen.id)
        revision_id = await self._committed(uow, seen, revision)
        version = as_version(name)
        if version is not None:
            known = await self._repositories.version(uow, seen.id, version)
            if known is not None:
                raise Conflict(
                    "version_taken",
                    f"Version {version} exists and never changes; choose a higher number.",
                )
            await self._publisher.name_revision(
                uow, actor, seen.id, revision_id=revision_id, version=version
            )
            return
        _check_ref(name)
        target = await self._revisions.get(uow, revision_id)
        if not await self._revisions.add_ref(
            uow, target, name=f"{TAG_PREFIX}{name}", organisation_id=managed.organisation_id
        ):
            raise Conflict("tag_taken", f"There is a tag {name!r} already; delete it first.")

    async def untag(self, uow: UnitOfWork, actor: Actor, seen: Seen, *, name: str) -> None:
        """Removes a tag that is no version.

        Raises:
            NotFound: `revision_not_found`. Conflict: `version_stays`.
        """
        await self._listings.managed(uow, actor, seen.id)
        version = as_version(name)
        if version is not None and await self._repositories.version(uow, seen.id, version):
            raise Conflict(
                "version_stays", f"{version} is a version: it never changes and never goes."
            )
        if not await self._revisions.drop_ref(uow, seen.id, name=f"{TAG_PREFIX}{name}"):
            raise RevisionUnknown(name)

    async def branch(
        self, uow: UnitOfWork, actor: Actor, seen: Seen, *, name: str, start: str | None
    ) -> None:
        """Makes a branch that starts at a revision (`main` when None).

        Raises:
            NotFound: `revision_not_found`. Conflict: `branch_taken`. Invalid: `ref_invalid`.
        """
        managed = await self._listings.managed(uow, actor, seen.id)
        if name != MAIN:
            _check_ref(name)
            revision_id = await self._committed(uow, seen, start or MAIN)
            target = await self._revisions.get(uow, revision_id)
            if await self._revisions.add_ref(
                uow, target, name=name, organisation_id=managed.organisation_id
            ):
                return
        raise Conflict("branch_taken", f"There is a branch {name!r} already.")

    async def unbranch(self, uow: UnitOfWork, actor: Actor, seen: Seen, *, name: str) -> None:
        """Removes a branch, not what was committed to it.

        Raises:
            NotFound: `revision_not_found`. Conflict: `branch_stays` for `main`.
        """
        await self._listings.managed(uow, actor, seen.id)
        if name == MAIN:
            raise Conflict("branch_stays", "main stays as long as its repository.")
        if "/" in name or not await self._revisions.drop_ref(uow, seen.id, name=name):
            raise RevisionUnknown(name)

    async def _committed(self, uow: UnitOfWork, seen: Seen, name: str) -> str:
        """The id of the revision of this name.

        Raises:
            NotFound: `revision_not_found`, also when there are no commits yet.
        """
        at = await self._desk.at(uow, seen, name)
        if at.revision_id is None:
            raise RevisionUnknown(name)
        return at.revision_id

    async def _newest(self, uow: UnitOfWork, actor: Actor, seen: Seen) -> str:
        """The version that what is on `main` has, made when it has none."""
        at = await self._desk.at(uow, seen, MAIN)
        versions = await self._repositories.versions(uow, seen.id)
        if at.revision_id is None:
            raise Conflict(
                "publish_incomplete",
                "Before it can be published this repository needs files: push them first.",
                missing=["a version with files"],
            )
        for version in versions:
            if version.revision_id == at.revision_id:
                return version.version
        number = next_version(version.version for version in versions)
        await self._publisher.name_revision(
            uow, actor, seen.id, revision_id=at.revision_id, version=number
        )
        return number

    async def _owner(
        self, uow: UnitOfWork, actor: Actor, organization: str | None
    ) -> tuple[str, str]:
        """The slug and id of the organisation that is meant: one's own when none is named."""
        if organization is None:
            own = await self._organisations.get(uow, actor.acting_for(None))
            return own.slug, own.id
        found = await self._organisations.by_slug(uow, organization.lower())
        if found is None or not actor.belongs_to(found.id):
            raise NotFound(
                "organisation_unknown", "There is no such organisation, or you are no member of it."
            )
        return found.slug, found.id


def _type(wanted: str | None) -> RepoType:
    if wanted in (None, "model"):
        return "model"
    if wanted == "dataset":
        return "dataset"
    raise NotOffered(f"There are models and datasets here, no {wanted}s.")


def _check_ref(name: str) -> None:
    problem = ref_problem(name)
    if problem is not None:
        raise Invalid("ref_invalid", f"The name {name[:80]!r} {problem}.")


def _with_page(error: Conflict, page: str) -> Conflict:
    """The same, with where it can be mended."""
    return Conflict(error.code, f"{error.detail} The listing is at {page}", **error.extra)
