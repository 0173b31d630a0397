"""From a wish to the lock that would follow: what is wanted, and which versions that takes."""

import asyncio
from collections.abc import Sequence

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Conflict, Invalid
from souk.works.plugins.api import API_VERSION
from souk.works.plugins.catalogue import PluginCatalogue, Shelf
from souk.works.plugins.errors import NotInstalled, PluginNeeded, PluginsConflict, PluginUnknown
from souk.works.plugins.explaining import explain
from souk.works.plugins.planning import locked_plugins
from souk.works.plugins.ranges import RangeError, parse_range
from souk.works.plugins.resolution import NothingFits, Question, Wanted, choose
from souk.works.plugins.settings import PluginSettings
from souk_client.contracts.plugins import Lock, LockedPlugin, WantedRoot, WorkspaceChange


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a workspace would hold after a change."""

    wanted: list[WantedRoot]
    plugins: list[LockedPlugin]
    shelf: Shelf


class Decider:
    """Chooses versions for a workspace."""

    def __init__(self, catalogue: PluginCatalogue, settings: PluginSettings) -> None:
        self._catalogue = catalogue
        self._settings = settings

    async def decide(self, uow: UnitOfWork, lock: Lock, change: WorkspaceChange) -> Decision:
        """What would be there after this change.

        Raises:
            NotFound: `plugin_unknown`, `plugin_not_installed`. Invalid: `range_invalid`.
            Conflict: `plugins_conflict`, `plugin_needed`, `plugins_too_many`, `workspace_full`.
        """
        wanted = wanted_after(lock, change)
        shelf = await self._catalogue.shelf(uow, wanted.keys())
        for one in change.install:
            if not shelf.releases[one.plugin]:
                raise PluginUnknown(one.plugin)
        locked = {one.plugin: one.version for one in lock.plugins}
        before = {one.plugin: one for one in lock.wanted}
        asked_anew = {name for name, root in wanted.items() if root != before.get(name)}
        moving = locked.keys() if change.upgrade_all else {*change.upgrade, *asked_anew}
        question = Question(
            releases=shelf.releases,
            wanted={name: Wanted(root.range, root.channel) for name, root in wanted.items()},
            locked={name: version for name, version in locked.items() if name not in asked_anew},
            keep=locked.keys() - moving,
            api_version=API_VERSION,
            max_rounds=self._settings.max_rounds,
        )
        try:
            chosen = await asyncio.to_thread(choose, question)
        except NothingFits as failure:
            raise PluginsConflict(explain(failure, question)) from failure
        if len(chosen) > self._settings.max_plugins:
            raise Conflict(
                "workspace_full",
                f"A workspace may hold at most {self._settings.max_plugins} plug-ins; this would "
                f"make {len(chosen)}.",
            )
        rows = [shelf.rows[name, release.version] for name, release in chosen.items()]
        return Decision(
            wanted=[wanted[name] for name in sorted(wanted)],
            plugins=locked_plugins(rows, wanted),
            shelf=shelf,
        )


def wanted_after(lock: Lock, change: WorkspaceChange) -> dict[str, WantedRoot]:
    """What is asked for after a change, by address; removing what is not there does nothing.

    Raises:
        NotFound: `plugin_not_installed` for an upgrade of what is not there.
        Conflict: `plugin_needed` for removing what only came for another one.
        Invalid: `range_invalid`.
    """
    installed = {one.plugin: one for one in lock.plugins}
    wanted = {one.plugin: one for one in lock.wanted}
    _check_removals(change.remove, installed, wanted)
    for plugin in change.remove:
        wanted.pop(plugin, None)
    for plugin in change.upgrade:
        if plugin not in installed:
            raise NotInstalled(plugin)
    for one in change.install:
        try:
            parse_range(one.range)
        except RangeError as error:
            raise Invalid("range_invalid", f"{one.plugin}: {error}.") from error
        wanted[one.plugin] = WantedRoot(
            plugin=one.plugin, range=one.range.strip(), channel=one.channel
        )
    return wanted


def _check_removals(
    removed: Sequence[str],
    installed: dict[str, LockedPlugin],
    wanted: dict[str, WantedRoot],
) -> None:
    for plugin in removed:
        if plugin in installed and plugin not in wanted:
            raise PluginNeeded(plugin, installed[plugin].needed_by)
