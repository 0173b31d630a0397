"""What can be wrong with plug-ins and workspaces."""

from collections.abc import Sequence

import msgspec

from souk.kernel.errors import Conflict, Forbidden, Invalid, NotFound, PaymentNeeded


class KeyProblem(msgspec.Struct, frozen=True):
    """One thing that is wrong in a manifest, and the key it stands at."""

    where: str
    problem: str


class ManifestInvalid(Invalid):
    """A version of a plug-in has no manifest that can be used."""

    def __init__(self, problems: Sequence[KeyProblem]) -> None:
        shown = "; ".join(f"{one.where}: {one.problem}" for one in problems[:3])
        more = f" ({len(problems) - 3} more)" if len(problems) > 3 else ""
        super().__init__(
            "manifest_invalid",
            f"The plug-in's manifest cannot be used. {shown}{more}.",
            errors=[{"where": one.where, "problem": one.problem} for one in problems[:50]],
        )
        self.problems = tuple(problems)


class PluginUnknown(NotFound):
    """There is no published plug-in at this address."""

    def __init__(self, address: str) -> None:
        super().__init__("plugin_unknown", f"There is no published plug-in at {address[:200]!r}.")


class WorkspaceUnknown(NotFound):
    """There is no such workspace for this caller."""

    def __init__(self) -> None:
        super().__init__("workspace_unknown", "There is no such workspace, or it is not yours.")


class LockUnknown(NotFound):
    """The workspace has no lock of this number."""

    def __init__(self, number: int) -> None:
        super().__init__("lock_unknown", f"This workspace has no lock {number}.")


class NotWorkspaceManager(Forbidden):
    """A member wants to change what is installed."""

    def __init__(self) -> None:
        super().__init__(
            "not_workspace_manager",
            "Only owners and managers of the organisation change its workspaces.",
        )


class WorkspaceNameTaken(Conflict):
    """The organisation has a workspace of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "workspace_name_taken", f"There is a workspace {name!r} already; choose another name."
        )


class WorkspaceMoved(Conflict):
    """Somebody changed the workspace after it was planned from."""

    def __init__(self, *, expected: int, current: int) -> None:
        super().__init__(
            "workspace_moved",
            f"The workspace is at lock {current} now, not {expected}; plan again.",
            lock=current,
        )


class PluginsConflict(Conflict):
    """No choice of versions fits together."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(
            "plugins_conflict",
            f"No versions fit together. {' '.join(reasons)}"[:4000],
            reasons=list(reasons),
        )


class LicenceNeeded(PaymentNeeded):
    """Paid plug-ins have to be bought first."""

    def __init__(self, plugins: Sequence[str]) -> None:
        super().__init__(
            "plugin_licence_needed",
            f"Your organisation needs a licence for {', '.join(plugins)}; buy it first.",
            plugins=list(plugins),
        )


class PermissionsNotAccepted(Conflict):
    """Plug-ins ask for more than was granted."""

    def __init__(self, missing: Sequence[tuple[str, str]]) -> None:
        shown = "; ".join(f"{plugin} asks for {permission}" for plugin, permission in missing[:10])
        super().__init__(
            "permissions_not_accepted",
            f"Grant the new permissions first, in accept_permissions: {shown}.",
            permissions=[
                {"plugin": plugin, "permission": permission} for plugin, permission in missing
            ],
        )


class NotInstalled(NotFound):
    """The plug-in is not in the workspace."""

    def __init__(self, plugin: str) -> None:
        super().__init__("plugin_not_installed", f"{plugin} is not installed in this workspace.")


class PluginNeeded(Conflict):
    """The plug-in came for another one, and goes with it."""

    def __init__(self, plugin: str, needed_by: Sequence[str]) -> None:
        super().__init__(
            "plugin_needed",
            f"{plugin} is there because {', '.join(needed_by)} needs it; remove that instead.",
            needed_by=list(needed_by),
        )


class FileUnknown(NotFound):
    """The lock has no such file."""

    def __init__(self) -> None:
        super().__init__("locked_file_unknown", "The workspace's lock has no such file.")
