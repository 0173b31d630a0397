"""What a repository says of itself, alone and in lists."""

from collections.abc import Collection
from typing import Final

from souk.delivery.hub.api import RepositoryQuestion, RepositorySearch
from souk.delivery.hub.desk import Desk, Seen
from souk.delivery.hub.entries import Entries
from souk.delivery.hub.model import RepoType, serves, type_of
from souk.delivery.hub.rights import FileRights
from souk.delivery.hub.safetensors import Tensors
from souk.delivery.hub.settings import HubSettings
from souk.delivery.hub.trees import TreeShelf
from souk.delivery.hub.wire import RepositoryInfo
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import Page
from souk.people.organisations.api import OrganisationsApi
from souk.works.listings.api import Listings, Repositories, Repository
from souk_client.contracts.works import ListingSummary

ALWAYS: Final = frozenset({"id", "_id"})


class HubDescriber:
    """Describes repositories."""

    def __init__(
        self,
        desk: Desk,
        rights: FileRights,
        repositories: Repositories,
        *,
        listings: Listings,
        organisations: OrganisationsApi,
        search: RepositorySearch,
        trees: TreeShelf,
        entries: Entries,
        tensors: Tensors,
        settings: HubSettings,
    ) -> None:
        self._desk = desk
        self._rights = rights
        self._repositories = repositories
        self._listings = listings
        self._organisations = organisations
        self._search = search
        self._trees = trees
        self._entries = entries
        self._tensors = tensors
        self._settings = settings

    async def info(
        self, uow: UnitOfWork, seen: Seen, revision: str, *, blobs: bool
    ) -> RepositoryInfo:
        """A repository at a revision, with its files.

        Args:
            blobs: with the sizes and names of their content.

        Raises:
            NotFound: `revision_not_found`.
        """
        at = await self._desk.at(uow, seen, revision)
        found = seen.repository
        tree = await self._trees.get(uow, at.revision_id)
        model = seen.type == "model"
        hidden = found.hidden and not seen.member
        card = {} if hidden else await self._repositories.card_fields(uow, seen.id)
        return RepositoryInfo(
            id=found.address,
            model_id=found.address if model else None,
            author=found.owner,
            sha=at.oid,
            private=found.state != "published",
            gated="auto" if found.published_at and await self._rights.gated(uow, seen) else False,
            disabled=found.hidden,
            last_modified=found.updated_at,
            created_at=found.created_at,
            downloads=(await self._repositories.downloads(uow, [seen.id]))[seen.id],
            likes=0,
            tags=_tags(found, seen),
            library_name=found.frameworks[0] if model and found.frameworks else None,
            pipeline_tag=(found.task or None) if model else None,
            description=None if model else _words(found, seen),
            card_data=card,
            siblings=await self._entries.siblings(uow, tree.files, blobs=blobs),
            safetensors=await self._tensors.count(tree) if model else None,
            used_storage=sum({file.sha256: file.size_bytes for file in tree.files}.values()),
        )

    async def list(
        self, uow: UnitOfWork, actor: Actor, repo_type: RepoType, question: RepositoryQuestion
    ) -> Page[RepositoryInfo]:
        """Repositories that the caller may see: of one owner, or found by search."""
        if question.owner is not None:
            page = await self._of_owner(uow, actor, question)
        else:
            page = await self._search.find(question)
        fitting = [
            summary
            for summary in page.items
            if serves(repo_type, summary.kind) and _matches(summary, question)
        ]
        open_to_all = await self._listings.given_away(uow, [one.id for one in fitting])
        return Page(
            items=[_short(summary, open_to_all) for summary in fitting],
            next_cursor=page.next_cursor,
        )

    async def _of_owner(
        self, uow: UnitOfWork, actor: Actor, question: RepositoryQuestion
    ) -> Page[ListingSummary]:
        owner = await self._organisations.by_slug(uow, (question.owner or "").lower())
        if owner is None:
            return Page(items=[])
        return await self._listings.of_organisation(
            uow,
            owner.id,
            state=None if actor.belongs_to(owner.id) else "published",
            cursor=question.cursor,
            limit=question.limit,
        )


def chosen_fields(info: dict[str, object], wanted: Collection[str]) -> dict[str, object]:
    """A description with the fields that were asked for; with all when none were."""
    if not wanted:
        return info
    return {name: value for name, value in info.items() if name in wanted or name in ALWAYS}


def _words(found: Repository, seen: Seen) -> str:
    return "" if found.hidden and not seen.member else found.summary


def _tags(found: Repository, seen: Seen) -> list[str]:
    if found.hidden and not seen.member:
        return []
    licence = [f"license:{found.licence.lower()}"] if found.licence else []
    return list(dict.fromkeys([*found.frameworks, *found.tags, *licence]))


def _matches(summary: ListingSummary, question: RepositoryQuestion) -> bool:
    """What a list by owner still has to be asked; a search has heard it already."""
    if question.owner is None:
        return True
    words = question.text.casefold().split()
    about = f"{summary.address} {summary.title} {' '.join(summary.tags)}".casefold()
    tags = {tag.casefold() for tag in summary.tags}
    return (
        all(word in about for word in words)
        and all(tag.casefold() in tags for tag in question.tags)
        and question.task in (None, summary.task)
    )


def _short(summary: ListingSummary, open_to_all: Collection[str]) -> RepositoryInfo:
    model = type_of(summary.kind) == "model"
    return RepositoryInfo(
        id=summary.address,
        model_id=summary.address if model else None,
        author=summary.owner.slug,
        private=summary.state != "published",
        gated=False if summary.id in open_to_all or summary.state == "draft" else "auto",
        disabled=False,
        last_modified=summary.updated_at,
        created_at=summary.published_at or summary.updated_at,
        downloads=summary.downloads,
        likes=0,
        tags=summary.tags,
        pipeline_tag=(summary.task or None) if model else None,
        description=None if model else summary.summary,
    )
