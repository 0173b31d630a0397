"""What other contexts may ask of plug-ins, and what plug-ins ask of those above them."""

from collections.abc import Collection
from typing import Final, Protocol

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.paging import Page
from souk_client.contracts.plugins import (
    Lock,
    LockSummary,
    Outdated,
    Plan,
    Plugin,
    PluginRelease,
    RollBackRequest,
    Workspace,
    WorkspaceChange,
    WorkspaceRequest,
    WorkspaceSummary,
)

API_VERSION: Final = "1.0.0"
"""Of the plug-in API that this Souk offers: what a manifest's `souk` range is compared with."""


class PluginLicences(Protocol):
    """Owned by plug-ins, implemented above (rights): what an organisation may use."""

    async def licensed(
        self, uow: UnitOfWork, organisation_id: str, listing_ids: Collection[str], *, user_id: str
    ) -> set[str]:
        """Those of these listings that the organisation has a licence for that is good now.

        Args:
            user_id: who asks: a licence with seats counts only for those seated.
        """
        ...


class Plugins(Protocol):
    """Published plug-ins, as everybody sees them."""

    async def get(self, uow: UnitOfWork, owner: str, slug: str) -> Plugin:
        """The plug-in at `owner/slug`. Raises NotFound `plugin_unknown`."""
        ...

    async def release(
        self, uow: UnitOfWork, owner: str, slug: str, *, version: str
    ) -> PluginRelease:
        """One published version. Raises NotFound `plugin_unknown`, `version_unknown`."""
        ...

    async def find(self, uow: UnitOfWork, owner: str, slug: str) -> Plugin | None:
        """As `get`; None when no version of it is published, or moderators hid it."""
        ...


class Workspaces(Protocol):
    """What an organisation has installed, and how it changes."""

    async def create(self, uow: UnitOfWork, actor: Actor, request: WorkspaceRequest) -> Workspace:
        """A new, empty one.

        Raises:
            NotFound: `organisation_unknown`. Forbidden: `not_workspace_manager`.
            Conflict: `workspace_name_taken`, `workspaces_full`.
        """
        ...

    async def rename(
        self, uow: UnitOfWork, actor: Actor, workspace_id: str, *, name: str
    ) -> Workspace:
        """Raises NotFound `workspace_unknown`, Forbidden, Conflict `workspace_name_taken`."""
        ...

    async def page(
        self,
        uow: UnitOfWork,
        actor: Actor,
        *,
        organisation_id: str | None = None,
        cursor: str | None = None,
        limit: int = 20,
    ) -> Page[WorkspaceSummary]:
        """The workspaces of all the caller's organisations, or of one, newest first."""
        ...

    async def get(self, uow: UnitOfWork, actor: Actor, workspace_id: str) -> Workspace:
        """Raises NotFound `workspace_unknown`."""
        ...

    async def plan(
        self, uow: UnitOfWork, actor: Actor, workspace_id: str, change: WorkspaceChange
    ) -> Plan:
        """What a change would do.

        Raises:
            NotFound: `workspace_unknown`, `plugin_unknown`.
            Conflict: `plugins_conflict` with `reasons`, `plugin_needed`, `workspace_moved`.
            Invalid: `range_invalid`.
        """
        ...

    async def apply(
        self, uow: UnitOfWork, actor: Actor, workspace_id: str, change: WorkspaceChange
    ) -> Workspace:
        """Makes the change; one that changes nothing makes no new lock.

        Raises:
            As `plan`. Forbidden: `not_workspace_manager`.
            PaymentNeeded: `plugin_licence_needed`. Conflict: `permissions_not_accepted`.
        """
        ...

    async def roll_back(
        self, uow: UnitOfWork, actor: Actor, workspace_id: str, request: RollBackRequest
    ) -> Workspace:
        """A new lock with the content of an earlier one.

        Raises:
            NotFound: `workspace_unknown`, `lock_unknown`. Forbidden: `not_workspace_manager`.
            Conflict: `workspace_moved`. PaymentNeeded: `plugin_licence_needed`.
        """
        ...

    async def history(
        self,
        uow: UnitOfWork,
        actor: Actor,
        workspace_id: str,
        *,
        cursor: str | None = None,
        limit: int = 20,
    ) -> Page[LockSummary]:
        """Its locks, newest first."""
        ...

    async def lock(self, uow: UnitOfWork, actor: Actor, workspace_id: str, number: int) -> Lock:
        """One lock. Raises NotFound `workspace_unknown`, `lock_unknown`."""
        ...

    async def outdated(self, uow: UnitOfWork, actor: Actor, workspace_id: str) -> list[Outdated]:
        """Installed versions that are not the newest, or were withdrawn."""
        ...
