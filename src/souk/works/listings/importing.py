"""Bulk import: many listings by the same rules, written set by set instead of one by one."""

import asyncio
from collections.abc import Sequence

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError
from souk.kernel.ids import new_id
from souk.people.organisations.api import OrganisationsApi
from souk.works.artifacts.api import Artifact, Artifacts
from souk.works.listings import store, version_store
from souk.works.listings.announcing import announce
from souk.works.listings.api import (
    AdmittedVersion,
    NewOffer,
    OfferBook,
    PublishCandidate,
    PublishGate,
    VersionCandidate,
    VersionGate,
)
from souk.works.listings.checks import (
    KINDS_WITH_VERSION_FACTS,
    check_gate,
    check_scans,
    tree_of,
)
from souk.works.listings.editing import new_offers, seller_of
from souk.works.listings.errors import ListingsFull, PublishIncomplete, SlugTaken
from souk.works.listings.events import ListingCreated
from souk.works.listings.model import ListingRow, VersionRow, words_of_request
from souk.works.listings.settings import ListingSettings
from souk.works.revisions.api import FirstCommit, Revision, Revisions, TreeFile
from souk_client.contracts.works import (
    ImportAnswer,
    ImportItem,
    ImportRequest,
    ImportResult,
    VersionRequest,
)


class _Item(msgspec.Struct, kw_only=True):
    """An item on its way in; `problem` keeps it out."""

    index: int
    source: ImportItem
    new: store.NewListing | None = None
    offers: list[NewOffer] = []
    tree: list[TreeFile] = []
    candidate: VersionCandidate | None = None
    facts: dict[str, object] | None = None
    problem: SoukError | None = None


class ListingImporter:
    """Takes many listings in one transaction, each whole or not at all."""

    def __init__(
        self,
        organisations: OrganisationsApi,
        artifacts: Artifacts,
        revisions: Revisions,
        *,
        offers: OfferBook,
        gate: PublishGate,
        version_gate: VersionGate,
        settings: ListingSettings,
    ) -> None:
        self._organisations = organisations
        self._artifacts = artifacts
        self._revisions = revisions
        self._offers = offers
        self._gate = gate
        self._version_gate = version_gate
        self._settings = settings

    async def run(self, uow: UnitOfWork, actor: Actor, request: ImportRequest) -> ImportAnswer:
        """Imports; answers for each item its listing, or the problem that kept it out.

        Raises:
            Unauthenticated: `sign_in_needed`. Forbidden: `permission_missing`.
        """
        actor.require("marketplace:create_resource")
        items = [_Item(index=index, source=item) for index, item in enumerate(request.items)]
        ids = [new_id("lst", uow.now) for _ in items]
        await asyncio.to_thread(self._read, actor, items, ids)
        await self._check_room(uow, items)
        await self._match_files(uow, items)
        for item in _good(items):
            try:
                await self._offers.check_organisations(uow, item.offers)
                await self._check_version(uow, item)
                await self._may_publish(uow, item)
            except SoukError as error:
                item.problem = error
        await self._write_drafts(uow, items)
        addresses = await self._announce_drafts(uow, actor, items)
        versions = await self._write_versions(uow, actor, items)
        await self._admit_versions(uow, items, versions)
        await self._publish(uow, actor, items, versions=versions, addresses=addresses)
        return _answer(items, addresses)

    def _read(self, actor: Actor, items: Sequence[_Item], ids: Sequence[str]) -> None:
        """Everything that can be said of an item without the database."""
        addresses: set[tuple[str, str]] = set()
        for item, listing_id in zip(items, ids, strict=True):
            try:
                request = item.source.listing
                new = store.NewListing(
                    id=listing_id,
                    organisation_id=seller_of(actor, request.organisation_id),
                    slug=request.slug,
                    kind=request.kind,
                    words=words_of_request(request),
                    created_by=actor.user_id,
                )
                if (new.organisation_id, new.slug) in addresses:
                    raise SlugTaken(new.slug)
                item.offers = new_offers(new, request)
                for offer in item.offers:
                    self._offers.check(offer.request)
                if item.source.publish:
                    _check_complete(item, new)
            except SoukError as error:
                item.problem = error
            else:
                item.new = new
                addresses.add((new.organisation_id, new.slug))

    async def _check_room(self, uow: UnitOfWork, items: Sequence[_Item]) -> None:
        """Refuses the last items of a seller that has no room for all."""
        limit = self._settings.max_per_organisation
        room: dict[str, int] = {}
        for item, new in _good_new(items):
            if new.organisation_id not in room:
                there = await store.count_of_organisation(uow, new.organisation_id)
                room[new.organisation_id] = limit - there
            room[new.organisation_id] -= 1
            if room[new.organisation_id] < 0:
                item.problem = ListingsFull(limit)

    async def _match_files(self, uow: UnitOfWork, items: Sequence[_Item]) -> None:
        wanted: dict[str, set[str]] = {}
        for item, new in _good_new(items):
            files = item.source.version.files if item.source.version else []
            wanted.setdefault(new.organisation_id, set()).update(file.sha256 for file in files)
        held = {
            organisation_id: await self._artifacts.held(uow, organisation_id, hashes)
            for organisation_id, hashes in wanted.items()
        }
        for item, new in _good_new(items):
            try:
                item.tree = _tree(item, held[new.organisation_id], self._revisions)
            except SoukError as error:
                item.problem = error

    async def _may_publish(self, uow: UnitOfWork, item: _Item) -> None:
        if not item.source.publish:
            return
        assert item.new is not None and item.new.words.licence is not None
        candidate = PublishCandidate(
            listing_id=item.new.id,
            organisation_id=item.new.organisation_id,
            kind=item.source.listing.kind,
            title=item.new.words.title,
            card=item.new.words.card,
            licence=item.new.words.licence,
            sha256s=sorted({file.sha256 for file in item.tree}),
        )
        await check_gate(self._gate, uow, candidate)

    async def _check_version(self, uow: UnitOfWork, item: _Item) -> None:
        if item.new is None or item.source.version is None:
            return
        if item.source.listing.kind not in KINDS_WITH_VERSION_FACTS:
            return  # thousands of items: none is asked about in vain
        owner = await self._organisations.get(uow, item.new.organisation_id)
        item.candidate = VersionCandidate(
            listing_id=item.new.id,
            organisation_id=item.new.organisation_id,
            address=f"{owner.slug}/{item.new.slug}",
            kind=item.source.listing.kind,
            version=item.source.version.version,
            files=item.tree,
        )
        item.facts = await self._version_gate.check(item.candidate)

    async def _admit_versions(
        self, uow: UnitOfWork, items: Sequence[_Item], versions: dict[str, VersionRow]
    ) -> None:
        for published in (False, True):
            noted = [
                AdmittedVersion(
                    version_id=versions[new.id].id, candidate=item.candidate, facts=item.facts
                )
                for item, new in _good_new(items)
                if item.candidate and item.facts is not None and item.source.publish == published
            ]
            await self._version_gate.admit(uow, noted, published=published)

    async def _write_drafts(self, uow: UnitOfWork, items: Sequence[_Item]) -> None:
        news = [new for _, new in _good_new(items)]
        written = await store.add(uow, news) if news else set()
        for item, new in _good_new(items):
            if new.id not in written:
                item.problem = SlugTaken(new.slug)
        await self._offers.add(uow, [offer for item in _good(items) for offer in item.offers])

    async def _announce_drafts(
        self, uow: UnitOfWork, actor: Actor, items: Sequence[_Item]
    ) -> dict[str, str]:
        sellers = sorted({new.organisation_id for _, new in _good_new(items)})
        owners = await self._organisations.many(uow, sellers)
        addresses = {}
        for item, new in _good_new(items):
            addresses[new.id] = f"{owners[new.organisation_id].slug}/{new.slug}"
            uow.publish(
                ListingCreated(
                    listing_id=new.id,
                    organisation_id=new.organisation_id,
                    address=addresses[new.id],
                    title=new.words.title,
                    kind=item.source.listing.kind,
                    user_id=actor.user_id,
                )
            )
        return addresses

    async def _write_versions(
        self, uow: UnitOfWork, actor: Actor, items: Sequence[_Item]
    ) -> dict[str, VersionRow]:
        """The first version of each item that has one, by listing."""
        having = [(new, item.source.version, item.tree) for item, new in _good_new(items)]
        commits = [
            (new, request, _first_commit(actor, new, request, tree))
            for new, request, tree in having
            if request is not None
        ]
        if not commits:
            return {}
        revisions = await self._revisions.commit_first(uow, [commit for *_, commit in commits])
        news = [
            _new_version(uow, new, request, revision)
            for (new, request, _), revision in zip(commits, revisions, strict=True)
        ]
        await version_store.add_versions(uow, news)
        return {
            version.listing_id: VersionRow(
                id=version.id,
                listing_id=version.listing_id,
                version=version.version,
                revision_id=version.revision_id,
                notes=version.notes,
                created_at=uow.now,
                published_at=None,
            )
            for version in news
        }

    async def _publish(
        self,
        uow: UnitOfWork,
        actor: Actor,
        items: Sequence[_Item],
        *,
        versions: dict[str, VersionRow],
        addresses: dict[str, str],
    ) -> None:
        publishing = [(item, new) for item, new in _good_new(items) if item.source.publish]
        if not publishing:
            return
        chosen = [versions[new.id] for _, new in publishing]
        pairs = [(version.listing_id, version.id) for version in chosen]
        await store.publish(uow, pairs, version_ids=[version.id for version in chosen])
        hashes = {file.sha256 for item, _ in publishing for file in item.tree}
        await self._artifacts.make_public(uow, hashes)
        await self._revisions.make_public(uow, [version.revision_id for version in chosen])
        rows = {row.id: row for row in await store.find_many(uow, [n.id for _, n in publishing])}
        for (item, new), version in zip(publishing, chosen, strict=True):
            row: ListingRow = rows[new.id]
            announce(
                uow,
                row,
                address=addresses[new.id],
                user_id=actor.user_id,
                version=version,
                first=True,
                current=version,
                tree=item.tree,
            )


def _good(items: Sequence[_Item]) -> list[_Item]:
    return [item for item in items if item.problem is None]


def _good_new(items: Sequence[_Item]) -> list[tuple[_Item, store.NewListing]]:
    return [(item, item.new) for item in _good(items) if item.new is not None]


def _check_complete(item: _Item, new: store.NewListing) -> None:
    missing = [
        name
        for name, there in (
            ("a licence", new.words.licence is not None),
            ("a version with files", item.source.version is not None),
            ("an active offer", bool(item.offers)),
        )
        if not there
    ]
    if missing:
        raise PublishIncomplete(missing)


def _tree(item: _Item, held: dict[str, Artifact], revisions: Revisions) -> list[TreeFile]:
    if item.source.version is None:
        return []
    tree = revisions.check(tree_of(item.source.version.files, held))
    if item.source.publish:
        check_scans(tree, held, kind=item.source.listing.kind)
    return tree


def _first_commit(
    actor: Actor, new: store.NewListing, request: VersionRequest, tree: Sequence[TreeFile]
) -> FirstCommit:
    return FirstCommit(
        work_id=new.id,
        organisation_id=new.organisation_id,
        files=tree,
        author_id=actor.user_id,
        message=f"Version {request.version}",
    )


def _new_version(
    uow: UnitOfWork, new: store.NewListing, request: VersionRequest, revision: Revision
) -> version_store.NewVersion:
    return version_store.NewVersion(
        id=new_id("ver", uow.now),
        listing_id=new.id,
        organisation_id=new.organisation_id,
        version=request.version,
        revision_id=revision.id,
        notes=request.notes,
    )


def _answer(items: Sequence[_Item], addresses: dict[str, str]) -> ImportAnswer:
    results = []
    for item in items:
        if item.problem is not None or item.new is None:
            problem = item.problem
            results.append(
                ImportResult(
                    index=item.index,
                    problem=problem.detail if problem else None,
                    code=problem.code if problem else None,
                )
            )
        else:
            results.append(
                ImportResult(
                    index=item.index, listing_id=item.new.id, address=addresses[item.new.id]
                )
            )
    imported = sum(1 for result in results if result.listing_id is not None)
    return ImportAnswer(imported=imported, refused=len(items) - imported, results=results)
