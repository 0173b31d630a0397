"""Plug-ins and the workspaces they are installed in."""

from collections.abc import Sequence

from souk_client.contracts.base import PageAnswer
from souk_client.contracts.plugins import (
    AcceptedPermission,
    Lock,
    LockSummary,
    Outdated,
    Plan,
    Plugin,
    PluginRelease,
    RollBackRequest,
    WantedPlugin,
    Workspace,
    WorkspaceChange,
    WorkspaceRequest,
    WorkspaceSummary,
    WorkspaceUpdate,
    YankRequest,
)
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api


def get_plugin(address: str) -> Call[Plugin]:
    """The plug-in at `owner/slug`."""
    owner, _, slug = address.partition("/")
    return Call(method="GET", path=api("plugins", owner, slug), answer=Plugin)


def get_release(address: str, version: str) -> Call[PluginRelease]:
    """One published version of a plug-in."""
    owner, _, slug = address.partition("/")
    path = api("plugins", owner, slug, "versions", version)
    return Call(method="GET", path=path, answer=PluginRelease)


def yank(address: str, version: str, *, reason: str) -> Call[PluginRelease]:
    """Withdraws a version, so that nobody new gets it."""
    owner, _, slug = address.partition("/")
    return Call(
        method="POST",
        path=api("plugins", owner, slug, "versions", version, "yank"),
        answer=PluginRelease,
        body=YankRequest(reason=reason),
    )


def unyank(address: str, version: str) -> Call[PluginRelease]:
    """Offers a withdrawn version again."""
    owner, _, slug = address.partition("/")
    path = api("plugins", owner, slug, "versions", version, "yank")
    return Call(method="DELETE", path=path, answer=PluginRelease)


def create_workspace(*, name: str, organisation_id: str | None = None) -> Call[Workspace]:
    """Makes an empty workspace."""
    body = WorkspaceRequest(name=name, organisation_id=organisation_id)
    return Call(method="POST", path=api("workspaces"), answer=Workspace, body=body)


def list_workspaces(
    *, organisation_id: str | None = None, cursor: str | None = None, limit: int | None = None
) -> Call[PageAnswer[WorkspaceSummary]]:
    """The workspaces of the caller's organisations."""
    return Call(
        method="GET",
        path=api("workspaces"),
        answer=PageAnswer[WorkspaceSummary],
        query={"organisation_id": organisation_id, "cursor": cursor, "limit": limit},
    )


def get_workspace(workspace_id: str) -> Call[Workspace]:
    """A workspace with its current lock."""
    return Call(method="GET", path=api("workspaces", workspace_id), answer=Workspace)


def rename_workspace(workspace_id: str, *, name: str) -> Call[Workspace]:
    """Gives a workspace another name."""
    return Call(
        method="PATCH",
        path=api("workspaces", workspace_id),
        answer=Workspace,
        body=WorkspaceUpdate(name=name),
    )


def plan(
    workspace_id: str,
    *,
    install: Sequence[WantedPlugin] = (),
    upgrade: Sequence[str] = (),
    upgrade_all: bool = False,
    remove: Sequence[str] = (),
) -> Call[Plan]:
    """What a change would do; nothing happens."""
    return Call(
        method="POST",
        path=api("workspaces", workspace_id, "plan"),
        answer=Plan,
        body=WorkspaceChange(
            install=list(install),
            upgrade=list(upgrade),
            upgrade_all=upgrade_all,
            remove=list(remove),
        ),
    )


def change(
    workspace_id: str,
    *,
    install: Sequence[WantedPlugin] = (),
    upgrade: Sequence[str] = (),
    upgrade_all: bool = False,
    remove: Sequence[str] = (),
    accept_permissions: Sequence[AcceptedPermission] = (),
    expected_lock: int | None = None,
) -> Call[Workspace]:
    """Installs, upgrades and removes in one step.

    Args:
        accept_permissions: those of the plan's `new_permissions` that are granted.
        expected_lock: the plan's `lock`: refused when the workspace has changed since.
    """
    return Call(
        method="POST",
        path=api("workspaces", workspace_id, "changes"),
        answer=Workspace,
        body=WorkspaceChange(
            install=list(install),
            upgrade=list(upgrade),
            upgrade_all=upgrade_all,
            remove=list(remove),
            accept_permissions=list(accept_permissions),
            expected_lock=expected_lock,
        ),
    )


def roll_back(
    workspace_id: str, *, to: int | None = None, expected_lock: int | None = None
) -> Call[Workspace]:
    """Returns to an earlier lock; the one before when `to` is left out."""
    return Call(
        method="POST",
        path=api("workspaces", workspace_id, "roll-back"),
        answer=Workspace,
        body=RollBackRequest(to=to, expected_lock=expected_lock),
    )


def list_locks(
    workspace_id: str, *, cursor: str | None = None, limit: int | None = None
) -> Call[PageAnswer[LockSummary]]:
    """What changed in a workspace, newest first."""
    return Call(
        method="GET",
        path=api("workspaces", workspace_id, "locks"),
        answer=PageAnswer[LockSummary],
        query={"cursor": cursor, "limit": limit},
    )


def get_lock(workspace_id: str, number: int) -> Call[Lock]:
    """One lock of a workspace."""
    return Call(method="GET", path=api("workspaces", workspace_id, "locks", number), answer=Lock)


def list_outdated(workspace_id: str) -> Call[PageAnswer[Outdated]]:
    """Installed versions that are not the newest, or were withdrawn or retired."""
    return Call(
        method="GET",
        path=api("workspaces", workspace_id, "outdated"),
        answer=PageAnswer[Outdated],
    )


def get_file(workspace_id: str, listing_id: str, path: str) -> Call[bytes]:
    """The bytes of a file of an installed plug-in; compare them with the lock's SHA-256."""
    return Call(
        method="GET",
        path=api("workspaces", workspace_id, "files", listing_id),
        answer=bytes,
        query={"path": path},
    )


class Plugins(Namespace[S]):
    """Published plug-ins."""

    get = Endpoint(get_plugin)
    release = Endpoint(get_release)
    yank = Endpoint(yank)
    unyank = Endpoint(unyank)


class Workspaces(Namespace[S]):
    """What is installed, and how it changes."""

    create = Endpoint(create_workspace)
    list = Endpoint(list_workspaces)
    get = Endpoint(get_workspace)
    rename = Endpoint(rename_workspace)
    plan = Endpoint(plan)
    change = Endpoint(change)
    roll_back = Endpoint(roll_back)
    locks = Endpoint(list_locks)
    lock = Endpoint(get_lock)
    outdated = Endpoint(list_outdated)
    file = Endpoint(get_file)
