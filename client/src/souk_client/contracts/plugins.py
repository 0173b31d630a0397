"""Plug-ins: manifests, workspaces, plans and locks."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta

from souk_client.contracts.base import Answer, Id, OwnerRef, Request

PluginAddress = Annotated[
    str,
    Meta(
        max_length=193,
        pattern="^[a-z0-9](?:[a-z0-9._-]{0,94}[a-z0-9])?/[a-z0-9](?:[a-z0-9._-]{0,94}[a-z0-9])?$",
        description="`owner/slug`",
        examples=["ada/tokeniser"],
    ),
]
VersionRange = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        pattern=r"^[0-9A-Za-z.*^~<>=|,+\- ]+$",
        description="`^1.2`, `~1.2.3`, `>=1.0 <2.0`, `1.x`, `*`, with `||` between alternatives",
        examples=["^1.2"],
    ),
]
Channel = Literal["stable", "beta"]
HookKind = Literal["event", "http", "schedule", "transform", "command"]
WorkspaceName = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]


class PermissionWords(Answer, frozen=True, kw_only=True):
    """What a plug-in may do, and what that means in plain words."""

    permission: str
    """`network:api.example.org`, `storage`, `secrets:API_KEY`, …"""
    words: str


class EntryPoint(Answer, frozen=True, kw_only=True):
    """A function of a WASM module that Souk may call."""

    name: str
    hook: HookKind
    module: str
    """Path of the module in the version's files."""
    function: str
    """An exported function of that module."""
    on: str | None = None
    """The event, the HTTP path or the cron line; null for a transform or a command."""


class Dependency(Answer, frozen=True, kw_only=True):
    """Another plug-in that one builds on."""

    plugin: str
    range: str
    optional: bool = False
    """Not installed for its sake; but when it is there, its version must be in the range."""


class PluginConflict(Answer, frozen=True, kw_only=True):
    """Versions of another plug-in that must not be beside this one."""

    plugin: str
    range: str


class Manifest(Answer, frozen=True, kw_only=True):
    """What a version's `plugin.toml` says, checked."""

    name: str
    """The address, `owner/slug`."""
    version: str
    description: str
    souk: str
    """Versions of Souk's plug-in API that it works with."""
    permissions: list[PermissionWords]
    entry_points: list[EntryPoint]
    dependencies: list[Dependency]
    conflicts: list[PluginConflict]
    configuration: dict[str, Any] | None = None  # a JSON Schema is any JSON object
    """A JSON Schema (the subset of the reference) of its settings."""


class PluginVersion(Answer, frozen=True, kw_only=True):
    """A published version of a plug-in."""

    version: str
    channel: Channel
    published_at: datetime
    works_here: bool
    """Whether it works with the plug-in API of this marketplace."""
    souk: str
    yanked: bool = False
    """Withdrawn by its author: nobody new gets it."""
    yank_reason: str | None = None
    installs: int = 0
    """Workspaces that have it now."""


class Plugin(Answer, frozen=True, kw_only=True):
    """A plug-in: its current manifest, versions and use."""

    listing_id: str
    address: str
    title: str
    summary: str
    owner: OwnerRef
    retired: bool
    api_version: str
    """Of this marketplace."""
    manifest: Manifest
    """Of the version that an installation would take now (else of the newest)."""
    documentation: str
    """Made from the manifest, as Markdown."""
    versions: list[PluginVersion]
    """Newest first."""
    installs: int
    """Workspaces that have it now."""
    dependents: int
    """Plug-ins with a published version that needs it."""


class PluginRelease(Answer, frozen=True, kw_only=True):
    """One version's manifest, and the documentation made from it."""

    listing_id: str
    address: str
    release: PluginVersion
    manifest: Manifest
    documentation: str


class YankRequest(Request, frozen=True, kw_only=True):
    """Why nobody new should get a version."""

    reason: Annotated[str, Meta(min_length=3, max_length=500)]


class WorkspaceRequest(Request, frozen=True, kw_only=True):
    """A new workspace."""

    name: WorkspaceName
    organisation_id: Id | None = None
    """Whose it is; the caller's personal organisation when left out."""


class WorkspaceUpdate(Request, frozen=True, kw_only=True):
    """A new name."""

    name: WorkspaceName


class WantedPlugin(Request, frozen=True, kw_only=True):
    """A plug-in to have, by its range of versions and its update channel."""

    plugin: PluginAddress
    range: VersionRange = "*"
    channel: Channel = "stable"
    """`beta` takes pre-releases too."""


class AcceptedPermission(Request, frozen=True, kw_only=True):
    """A permission that the caller grants to a plug-in."""

    plugin: PluginAddress
    permission: Annotated[str, Meta(min_length=1, max_length=300)]


class WorkspaceChange(Request, frozen=True, kw_only=True):
    """What shall change. The same body is planned first and applied then."""

    install: Annotated[list[WantedPlugin], Meta(max_length=100)] = []
    """New ones; one that is there gets this range and channel."""
    upgrade: Annotated[list[PluginAddress], Meta(max_length=500)] = []
    """To the newest version that fits; what they need moves only as far as it must."""
    upgrade_all: bool = False
    remove: Annotated[list[PluginAddress], Meta(max_length=500)] = []
    """What only they needed goes with them."""
    accept_permissions: Annotated[list[AcceptedPermission], Meta(max_length=2000)] = []
    """Those new permissions of the plan that the caller grants."""
    expected_lock: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    """The lock that was planned from: 409 `workspace_moved` when there is a newer one."""


class RollBackRequest(Request, frozen=True, kw_only=True):
    """Which lock to return to."""

    to: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    """The one before the current one when left out; 0 is the empty workspace."""
    expected_lock: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None


class LockedFile(Answer, frozen=True, kw_only=True):
    """A file of an installed version."""

    path: str
    sha256: str
    size_bytes: int


class LockedPlugin(Answer, frozen=True, kw_only=True):
    """An exact version in a lock."""

    plugin: str
    listing_id: str
    version_id: str
    version: str
    requested: bool
    """False when it is there only because another one needs it."""
    needed_by: list[str]
    """Plug-ins of the same lock that need it."""
    permissions: list[str]
    """Granted to it."""
    files: list[LockedFile]


class WantedRoot(Answer, frozen=True, kw_only=True):
    """What was asked for: the rest of a lock follows from it."""

    plugin: str
    range: str
    channel: Channel


class Lock(Answer, frozen=True, kw_only=True):
    """What is in a workspace after a change: exact versions and the SHA-256 of every file."""

    number: int
    """Counts up from 1; 0 is the empty workspace before the first change."""
    wanted: list[WantedRoot]
    plugins: list[LockedPlugin]
    summary: str
    """What changed, in words."""
    made_by: str | None
    """User id."""
    made_at: datetime


class LockSummary(Answer, frozen=True, kw_only=True):
    """A lock in the history."""

    number: int
    summary: str
    plugins: int
    made_by: str | None
    made_at: datetime


class Workspace(Answer, frozen=True, kw_only=True):
    """A workspace with what is installed in it."""

    id: str
    organisation_id: str
    name: str
    lock: Lock
    created_at: datetime


class WorkspaceSummary(Answer, frozen=True, kw_only=True):
    """A workspace in a list."""

    id: str
    organisation_id: str
    name: str
    lock: int
    plugins: int
    created_at: datetime
    changed_at: datetime


class PlannedChange(Answer, frozen=True, kw_only=True):
    """One plug-in that comes, moves or goes."""

    plugin: str
    kind: Literal["add", "upgrade", "downgrade", "remove", "settings"]
    """`settings`: the same version, asked for in another way (range, channel)."""
    from_version: str | None
    to_version: str | None
    why: str


class NewPermission(Answer, frozen=True, kw_only=True):
    """A permission that a plug-in does not have yet in this workspace."""

    plugin: str
    permission: str
    words: str
    accepted: bool


class ToBuy(Answer, frozen=True, kw_only=True):
    """A paid plug-in that the organisation has no good licence for."""

    plugin: str
    listing_id: str
    title: str
    price_minor: int
    currency: str


class Plan(Answer, frozen=True, kw_only=True):
    """What a change would do; nothing has happened yet."""

    lock: int
    """The lock it starts from: hand it back as `expected_lock`."""
    changes: list[PlannedChange]
    new_permissions: list[NewPermission]
    to_buy: list[ToBuy]
    plugins: list[LockedPlugin]
    """What would be installed afterwards."""


class Outdated(Answer, frozen=True, kw_only=True):
    """An installed version that is not the newest, or should not be used any more."""

    plugin: str
    requested: bool
    installed: str
    upgrade: str | None
    """Where an upgrade of everything would bring it; null when it stays."""
    newest: str | None
    """The newest of its channel, whether it fits or not; null when none is on offer."""
    yanked: bool
    retired: bool
