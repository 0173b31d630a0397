"""Facts about plug-ins and workspaces."""

from typing import ClassVar

from souk.kernel.events import Event


class PluginYanked(Event, frozen=True, kw_only=True):
    """A version was withdrawn (or brought back, when there is no reason)."""

    topic: ClassVar[str] = "works.plugin_yanked"
    listing_id: str
    organisation_id: str
    address: str
    version: str
    reason: str | None


class WorkspaceChanged(Event, frozen=True, kw_only=True):
    """What is installed in a workspace changed."""

    topic: ClassVar[str] = "works.workspace_changed"
    workspace_id: str
    organisation_id: str
    user_id: str
    lock: int
    installed: dict[str, str]
    """The version of each plug-in that is there now, by listing id."""
