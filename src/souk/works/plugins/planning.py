"""What moving from one lock to another means: pure, so that a plan and its execution agree."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from souk.kernel.semver import precedence
from souk.works.plugins.permissions import permission_words
from souk.works.plugins.store import ReleaseRow
from souk_client.contracts.plugins import (
    LockedFile,
    LockedPlugin,
    NewPermission,
    PlannedChange,
    WantedRoot,
)

MAX_SUMMARY = 300


def locked_plugins(rows: Iterable[ReleaseRow], wanted: Collection[str]) -> list[LockedPlugin]:
    """The plug-ins of a lock, by address, from the versions that were chosen."""
    rows = sorted(rows, key=lambda row: row.address)
    manifests = {row.address: row.read() for row in rows}
    return [
        LockedPlugin(
            plugin=row.address,
            listing_id=row.listing_id,
            version_id=row.version_id,
            version=row.version,
            requested=row.address in wanted,
            needed_by=[
                other
                for other, manifest in manifests.items()
                if row.address in manifest.dependencies
                and not manifest.dependencies[row.address].optional
            ],
            permissions=list(manifests[row.address].permissions),
            files=[
                LockedFile(path=path, sha256=sha256, size_bytes=size)
                for path, sha256, size in row.files
            ],
        )
        for row in rows
    ]


def changes_between(
    before: Sequence[LockedPlugin],
    after: Sequence[LockedPlugin],
    *,
    wanted_before: Sequence[WantedRoot],
    wanted_after: Sequence[WantedRoot],
) -> list[PlannedChange]:
    """What comes, moves and goes, by address."""
    old = {one.plugin: one for one in before}
    new = {one.plugin: one for one in after}
    asked_before = {one.plugin: one for one in wanted_before}
    asked_after = {one.plugin: one for one in wanted_after}
    changes = []
    for plugin in sorted(old.keys() | new.keys()):
        change = _change(plugin, old.get(plugin), new.get(plugin))
        if change is None and asked_before.get(plugin) != asked_after.get(plugin):
            version = new[plugin].version
            asked = asked_after.get(plugin)
            why = f"asked for as {asked.range}, {asked.channel}" if asked else "no longer asked for"
            change = PlannedChange(
                plugin=plugin, kind="settings", from_version=version, to_version=version, why=why
            )
        if change is not None:
            changes.append(change)
    return changes


def _change(
    plugin: str, old: LockedPlugin | None, new: LockedPlugin | None
) -> PlannedChange | None:
    if new is None:
        assert old is not None  # it is in one of the two
        why = "no longer wanted" if old.requested else "nothing needs it any more"
        return PlannedChange(
            plugin=plugin, kind="remove", from_version=old.version, to_version=None, why=why
        )
    why = "you asked for it" if new.requested else f"needed by {', '.join(new.needed_by)}"
    if old is None:
        return PlannedChange(
            plugin=plugin, kind="add", from_version=None, to_version=new.version, why=why
        )
    if old.version == new.version:
        return None
    up = precedence(new.version) > precedence(old.version)
    return PlannedChange(
        plugin=plugin,
        kind="upgrade" if up else "downgrade",
        from_version=old.version,
        to_version=new.version,
        why=why,
    )


def new_permissions(
    before: Sequence[LockedPlugin],
    after: Sequence[LockedPlugin],
    *,
    accepted: Collection[tuple[str, str]],
) -> list[NewPermission]:
    """Permissions that a plug-in does not have yet; a plug-in that is new has none."""
    granted = {(one.plugin, permission) for one in before for permission in one.permissions}
    return [
        NewPermission(
            plugin=one.plugin,
            permission=permission,
            words=permission_words(permission),
            accepted=(one.plugin, permission) in accepted,
        )
        for one in after
        for permission in one.permissions
        if (one.plugin, permission) not in granted
    ]


def arriving(before: Sequence[LockedPlugin], after: Sequence[LockedPlugin]) -> list[LockedPlugin]:
    """Versions that were not there before: those that need a licence now."""
    versions: Mapping[str, str] = {one.plugin: one.version for one in before}
    return [one for one in after if versions.get(one.plugin) != one.version]


def summary_of(changes: Sequence[PlannedChange]) -> str:
    """A line for the history: `added ada/x 1.0.0; removed bob/y`."""
    said = []
    for change in changes:
        match change.kind:
            case "add":
                said.append(f"added {change.plugin} {change.to_version}")
            case "remove":
                said.append(f"removed {change.plugin} {change.from_version}")
            case "settings":
                said.append(f"{change.plugin} {change.why}")
            case _:
                said.append(f"{change.plugin} {change.from_version} → {change.to_version}")
    text = "; ".join(said)
    return text if len(text) <= MAX_SUMMARY else f"{text[: MAX_SUMMARY - 1]}…"
