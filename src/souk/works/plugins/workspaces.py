"""Workspaces: made, renamed, changed, rolled back. One change at a time, each a lock of its own."""

from collections.abc import AsyncIterator, Sequence

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.errors import Conflict, Forbidden
from souk.kernel.ids import is_id, new_id
from souk.kernel.paging import Page, decode_cursor, page_of
from souk.works.artifacts.api import Artifacts
from souk.works.plugins import workspace_store as store
from souk.works.plugins.api import API_VERSION, PluginLicences
from souk.works.plugins.catalogue import PluginCatalogue, Shelf
from souk.works.plugins.deciding import Decider
from souk.works.plugins.errors import (
    FileUnknown,
    LicenceNeeded,
    LockUnknown,
    NotWorkspaceManager,
    PermissionsNotAccepted,
    PluginsConflict,
    WorkspaceMoved,
    WorkspaceNameTaken,
    WorkspaceUnknown,
)
from souk.works.plugins.events import WorkspaceChanged
from souk.works.plugins.planning import (
    arriving,
    changes_between,
    new_permissions,
    summary_of,
)
from souk.works.plugins.resolution import newest
from souk.works.plugins.settings import PluginSettings
from souk_client.contracts.plugins import (
    Lock,
    LockedFile,
    LockedPlugin,
    LockSummary,
    Outdated,
    Plan,
    PlannedChange,
    RollBackRequest,
    ToBuy,
    WantedRoot,
    Workspace,
    WorkspaceChange,
    WorkspaceRequest,
    WorkspaceSummary,
)

EMPTY_SUMMARY = "empty"


class WorkspaceService:
    """Implements `plugins.api.Workspaces`."""

    def __init__(
        self,
        catalogue: PluginCatalogue,
        licences: PluginLicences,
        artifacts: Artifacts,
        settings: PluginSettings,
    ) -> None:
        self._catalogue = catalogue
        self._licences = licences
        self._artifacts = artifacts
        self._settings = settings
        self._decider = Decider(catalogue, settings)

    async def create(self, uow: UnitOfWork, actor: Actor, request: WorkspaceRequest) -> Workspace:
        user_id = actor.require_user()
        organisation_id = actor.acting_for(request.organisation_id)
        if not actor.manages(organisation_id):
            raise NotWorkspaceManager()
        await store.lock_names(uow, organisation_id)
        if await store.count(uow, organisation_id) >= self._settings.max_workspaces:
            raise Conflict(
                "workspaces_full",
                f"An organisation may have at most {self._settings.max_workspaces} workspaces.",
            )
        name = " ".join(request.name.split())
        workspace_id = new_id("wsp", uow.now)
        if not name or not await store.add(
            uow, workspace_id, organisation_id=organisation_id, name=name, created_by=user_id
        ):
            raise WorkspaceNameTaken(name)
        return await self.get(uow, actor, workspace_id)

    async def rename(
        self, uow: UnitOfWork, actor: Actor, workspace_id: str, *, name: str
    ) -> Workspace:
        row = await self._row(uow, actor, workspace_id, change=True)
        name = " ".join(name.split())
        await store.lock_names(uow, row.organisation_id)
        if not name or await store.name_is_taken(uow, row.organisation_id, name, other_than=row.id):
            raise WorkspaceNameTaken(name)
        await store.rename(uow, row.id, name)
        return await self.get(uow, actor, row.id)

    async def page(
        self,
        uow: UnitOfWork,
        actor: Actor,
        *,
        organisation_id: str | None = None,
        cursor: str | None = None,
        limit: int = 20,
    ) -> Page[WorkspaceSummary]:
        actor.require_user()
        chosen = (
            list(actor.memberships)
            if organisation_id is None
            else [actor.acting_for(organisation_id)]
        )
        before = decode_cursor(cursor, size=1)
        rows = await store.page(
            uow, chosen, before=str(before[0]) if before else "", limit=limit + 1
        )
        return page_of(rows, limit=limit, key=lambda row: [row.id]).map(_summary)

    async def get(self, uow: UnitOfWork, actor: Actor, workspace_id: str) -> Workspace:
        row = await self._row(uow, actor, workspace_id)
        return Workspace(
            id=row.id,
            organisation_id=row.organisation_id,
            name=row.name,
            lock=await self._lock(uow, row, row.lock_number),
            created_at=row.created_at,
        )

    async def plan(
        self, uow: UnitOfWork, actor: Actor, workspace_id: str, change: WorkspaceChange
    ) -> Plan:
        row = await self._row(uow, actor, workspace_id)
        _check_expected(row, change.expected_lock)
        plan, _ = await self._plan(uow, actor, row, change)
        return plan

    async def apply(
        self, uow: UnitOfWork, actor: Actor, workspace_id: str, change: WorkspaceChange
    ) -> Workspace:
        row = await self._row(uow, actor, workspace_id, change=True)
        _check_expected(row, change.expected_lock)
        plan, wanted = await self._plan(uow, actor, row, change)
        if plan.to_buy:
            raise LicenceNeeded([one.plugin for one in plan.to_buy])
        missing = [(one.plugin, one.permission) for one in plan.new_permissions if not one.accepted]
        if missing:
            raise PermissionsNotAccepted(missing)
        await self._write(
            uow,
            actor,
            row,
            wanted=wanted,
            plugins=plan.plugins,
            changes=plan.changes,
            summary=summary_of(plan.changes),
        )
        return await self.get(uow, actor, row.id)

    async def roll_back(
        self, uow: UnitOfWork, actor: Actor, workspace_id: str, request: RollBackRequest
    ) -> Workspace:
        row = await self._row(uow, actor, workspace_id, change=True)
        _check_expected(row, request.expected_lock)
        current = await self._lock(uow, row, row.lock_number)
        number = row.lock_number - 1 if request.to is None else request.to
        if not 0 <= number <= row.lock_number:
            raise LockUnknown(number)
        earlier = await self._lock(uow, row, number)
        changes = changes_between(
            current.plugins,
            earlier.plugins,
            wanted_before=current.wanted,
            wanted_after=earlier.wanted,
        )
        shelf = await self._catalogue.shelf(uow, [one.plugin for one in earlier.plugins])
        coming = arriving(current.plugins, earlier.plugins)
        to_buy = await self._to_buy(uow, actor, row, coming, shelf)
        if to_buy:
            raise LicenceNeeded([one.plugin for one in to_buy])
        await self._write(
            uow,
            actor,
            row,
            wanted=earlier.wanted,
            plugins=earlier.plugins,
            changes=changes,
            summary=f"rolled back to lock {number}",
        )
        return await self.get(uow, actor, row.id)

    async def history(
        self,
        uow: UnitOfWork,
        actor: Actor,
        workspace_id: str,
        *,
        cursor: str | None = None,
        limit: int = 20,
    ) -> Page[LockSummary]:
        row = await self._row(uow, actor, workspace_id)
        key = decode_cursor(cursor, size=1)
        before = key[0] if key and isinstance(key[0], int) else None
        found = await store.history(uow, row.id, before=before, limit=limit + 1)
        return page_of(found, limit=limit, key=lambda one: [one.number])

    async def lock(self, uow: UnitOfWork, actor: Actor, workspace_id: str, number: int) -> Lock:
        return await self._lock(uow, await self._row(uow, actor, workspace_id), number)

    async def outdated(self, uow: UnitOfWork, actor: Actor, workspace_id: str) -> list[Outdated]:
        row = await self._row(uow, actor, workspace_id)
        lock = await self._lock(uow, row, row.lock_number)
        shelf = await self._catalogue.shelf(uow, [one.plugin for one in lock.plugins])
        channels = {one.plugin: one.channel for one in lock.wanted}
        try:
            decision = await self._decider.decide(uow, lock, WorkspaceChange(upgrade_all=True))
            upgraded = {one.plugin: one.version for one in decision.plugins}
        except PluginsConflict:
            upgraded = {}
        found = []
        for one in lock.plugins:
            there = shelf.rows.get((one.plugin, one.version))
            releases = shelf.releases.get(one.plugin, ())
            best = newest(
                releases, channel=channels.get(one.plugin, "stable"), api_version=API_VERSION
            )
            upgrade = upgraded.get(one.plugin)
            state = Outdated(
                plugin=one.plugin,
                requested=one.requested,
                installed=one.version,
                upgrade=upgrade if upgrade != one.version else None,
                newest=best.version if best else None,
                yanked=there is not None and there.yanked_at is not None,
                retired=shelf.listings[one.listing_id].state == "retired",
            )
            behind = best is not None and best.version != one.version
            if behind or state.upgrade or state.yanked or state.retired:
                found.append(state)
        return found

    async def locked_file(
        self, uow: UnitOfWork, actor: Actor, workspace_id: str, *, listing_id: str, path: str
    ) -> LockedFile:
        """A file of what is installed, which may be read now; also of what was retired since.

        Raises:
            NotFound: `workspace_unknown`, `locked_file_unknown`.
            PaymentNeeded: `plugin_licence_needed`. Forbidden: `file_not_clean`.
        """
        row = await self._row(uow, actor, workspace_id)
        lock = await self._lock(uow, row, row.lock_number)
        for one in lock.plugins:
            for file in one.files:
                if one.listing_id == listing_id and file.path == path:
                    shelf = await self._catalogue.shelf(uow, [one.plugin])
                    if await self._to_buy(uow, actor, row, [one], shelf):
                        raise LicenceNeeded([one.plugin])
                    artifact = await self._artifacts.get(uow, file.sha256)
                    if artifact.scan.state != "clean":
                        raise Forbidden(
                            "file_not_clean", "The safety scan holds this file back now."
                        )
                    return file
        raise FileUnknown()

    def read(self, file: LockedFile) -> AsyncIterator[bytes]:
        """The bytes of a file that `locked_file` gave."""
        return self._artifacts.open(file.sha256)

    async def _plan(
        self, uow: UnitOfWork, actor: Actor, row: store.WorkspaceRow, change: WorkspaceChange
    ) -> tuple[Plan, list[WantedRoot]]:
        lock = await self._lock(uow, row, row.lock_number)
        decision = await self._decider.decide(uow, lock, change)
        coming = arriving(lock.plugins, decision.plugins)
        plan = Plan(
            lock=row.lock_number,
            changes=changes_between(
                lock.plugins,
                decision.plugins,
                wanted_before=lock.wanted,
                wanted_after=decision.wanted,
            ),
            new_permissions=new_permissions(
                lock.plugins,
                decision.plugins,
                accepted={(one.plugin, one.permission) for one in change.accept_permissions},
            ),
            to_buy=await self._to_buy(uow, actor, row, coming, decision.shelf),
            plugins=decision.plugins,
        )
        return plan, decision.wanted

    async def _to_buy(
        self,
        uow: UnitOfWork,
        actor: Actor,
        row: store.WorkspaceRow,
        plugins: Sequence[LockedPlugin],
        shelf: Shelf,
    ) -> list[ToBuy]:
        """Those that the organisation neither sells nor has a good licence for, unless they are
        given away: a trial is not, nor what is no longer offered."""
        paid = [
            one
            for one in plugins
            if one.listing_id not in shelf.given_away
            and shelf.listings[one.listing_id].owner.id != row.organisation_id
        ]
        if not paid:
            return []
        licensed = await self._licences.licensed(
            uow,
            row.organisation_id,
            [one.listing_id for one in paid],
            user_id=actor.require_user(),
        )
        return [
            ToBuy(
                plugin=one.plugin,
                listing_id=one.listing_id,
                title=listing.title,
                price_minor=listing.price_minor or 0,
                currency=listing.currency or "",
            )
            for one in paid
            if one.listing_id not in licensed
            for listing in [shelf.listings[one.listing_id]]
        ]

    async def _write(
        self,
        uow: UnitOfWork,
        actor: Actor,
        row: store.WorkspaceRow,
        *,
        wanted: Sequence[WantedRoot],
        plugins: Sequence[LockedPlugin],
        changes: Sequence[PlannedChange],
        summary: str,
    ) -> None:
        """The next lock; none when nothing changes."""
        if not changes:
            return
        user_id = actor.require_user()
        number = await store.write_lock(
            uow, row, wanted=wanted, plugins=plugins, summary=summary, made_by=user_id
        )
        uow.publish(
            WorkspaceChanged(
                workspace_id=row.id,
                organisation_id=row.organisation_id,
                user_id=user_id,
                lock=number,
                installed={one.listing_id: one.version for one in plugins},
            )
        )

    async def _row(
        self, uow: UnitOfWork, actor: Actor, workspace_id: str, *, change: bool = False
    ) -> store.WorkspaceRow:
        """The workspace, when it is the caller's; locked when it shall change."""
        actor.require_user()
        if not is_id(workspace_id, "wsp"):
            raise WorkspaceUnknown()
        row = await store.find(uow, workspace_id, list(actor.memberships), lock=change)
        if row is None:
            raise WorkspaceUnknown()
        if change and not actor.manages(row.organisation_id):
            raise NotWorkspaceManager()
        return row

    async def _lock(self, uow: UnitOfWork, row: store.WorkspaceRow, number: int) -> Lock:
        if number == 0:
            return Lock(
                number=0,
                wanted=[],
                plugins=[],
                summary=EMPTY_SUMMARY,
                made_by=row.created_by,
                made_at=row.created_at,
            )
        found = await store.find_lock(uow, row.id, number)
        if found is None:
            raise LockUnknown(number)
        return found.to_lock()


def _check_expected(row: store.WorkspaceRow, expected: int | None) -> None:
    if expected is not None and expected != row.lock_number:
        raise WorkspaceMoved(expected=expected, current=row.lock_number)


def _summary(row: store.ListedRow) -> WorkspaceSummary:
    return WorkspaceSummary(
        id=row.id,
        organisation_id=row.organisation_id,
        name=row.name,
        lock=row.lock_number,
        plugins=row.plugins,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )
