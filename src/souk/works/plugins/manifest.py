"""Reads `plugin.toml`: what a version of a plug-in says of itself, every problem at its key."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final, Literal, cast

import msgspec

from souk.kernel.semver import is_stable
from souk.works.plugins.configuration import schema_problems
from souk.works.plugins.errors import KeyProblem, ManifestInvalid
from souk.works.plugins.permissions import EVENTS, permission_problem
from souk.works.plugins.ranges import RangeError, parse_range

FILE: Final = "plugin.toml"
MAX_BYTES: Final = 64 * 1024
MAX_ENTRY_POINTS: Final = 50
MAX_RELATIONS: Final = 100
MAX_PERMISSIONS: Final = 60

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?")
_FUNCTION: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:#/-]{0,199}")
_ADDRESS: Final = re.compile(
    r"[a-z0-9]([a-z0-9._-]{0,94}[a-z0-9])?/[a-z0-9]([a-z0-9._-]{0,94}[a-z0-9])?"
)
_PATH: Final = re.compile(r"/[A-Za-z0-9._~/{}-]{0,200}")
_CRON: Final = re.compile(r"[0-9*,/-]{1,40}( [0-9*,/A-Za-z-]{1,40}){4}")
_KEYS: Final = frozenset(
    {"name", "version", "description", "souk", "permissions", "entry_points", "dependencies"}
    | {"conflicts", "configuration"}
)
_ENTRY_KEYS: Final = frozenset("name hook module function event path schedule".split())
_WHEN: Final = {"event": "event", "http": "path", "schedule": "schedule"}
"""The key that says on what a kind of hook runs."""

Hook = Literal["event", "http", "schedule", "transform", "command"]
_HOOKS: Final = ("event", "http", "schedule", "transform", "command")


class EntryPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A function that Souk may call."""

    name: str
    hook: Hook
    module: str
    function: str
    on: str | None = None


class Needed(msgspec.Struct, frozen=True, kw_only=True):
    """A range of another plug-in."""

    range: str
    optional: bool = False


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What was read, in one form; dependencies and conflicts by address."""

    name: str
    version: str
    description: str
    souk: str
    permissions: list[str]
    entry_points: list[EntryPoint]
    dependencies: dict[str, Needed]
    conflicts: dict[str, str]
    configuration: dict[str, Any] | None = None  # a JSON Schema is any JSON object


def read_manifest(text: bytes, *, address: str, version: str) -> Manifest:
    """The manifest of a version of the plug-in at `address`.

    Raises:
        ManifestInvalid: with every problem and the key it stands at.
    """
    if len(text) > MAX_BYTES:
        raise ManifestInvalid([KeyProblem(FILE, f"it has more than {MAX_BYTES} bytes")])
    try:
        document = tomllib.loads(text.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ManifestInvalid([KeyProblem(FILE, f"it cannot be read: {error}")]) from error
    except (RecursionError, ValueError) as error:
        raise ManifestInvalid(
            [KeyProblem(FILE, "it is nested too deeply, or a number is too long")]
        ) from error
    reading = _Reading(document)
    manifest = reading.manifest(address=address, version=version)
    if reading.problems:
        raise ManifestInvalid(reading.problems)
    return manifest


class _Reading:
    """One document on its way in; problems are gathered, so that one look shows them all."""

    def __init__(self, document: Mapping[str, object]) -> None:
        self.document = document
        self.problems: list[KeyProblem] = []

    def wrong(self, where: str, problem: str) -> None:
        self.problems.append(KeyProblem(where, problem))

    def manifest(self, *, address: str, version: str) -> Manifest:
        for key in self.document.keys() - _KEYS:
            self.wrong(_quoted(key), f"unknown key; there are {', '.join(sorted(_KEYS))}")
        name = self.text("name")
        if name and name not in (address, address.partition("/")[2]):
            self.wrong(
                "name", f"must be {address!r}, where the plug-in is listed, not {name[:100]!r}"
            )
        written = self.text("version")
        if written and written != version:
            self.wrong(
                "version", f"must be {version}, the version that is made, not {written[:64]!r}"
            )
        souk = self.text("souk")
        if souk:
            self.range_of("souk", souk)
        permissions = self.permissions()
        return Manifest(
            name=address,
            version=version,
            description=self.text("description", required=False, longest=2000),
            souk=souk,
            permissions=permissions,
            entry_points=self.entry_points(permissions),
            dependencies=self.dependencies(address, stable=is_stable(version)),
            conflicts=self.conflicts(address),
            configuration=self.configuration(),
        )

    def text(
        self,
        key: str,
        within: Mapping[str, object] | None = None,
        *,
        where: str = "",
        required: bool = True,
        longest: int = 300,
    ) -> str:
        value = (self.document if within is None else within).get(key)
        at = f"{where}.{key}" if where else key
        if value is None:
            if required:
                self.wrong(at, "is missing")
            return ""
        if not isinstance(value, str):
            self.wrong(at, "must be a text")
        elif not value.strip() and required:
            self.wrong(at, "must not be empty")
        elif len(value) > longest:
            self.wrong(at, f"has more than {longest} characters")
        elif any(ord(sign) < 32 and sign not in "\n\t" for sign in value):
            self.wrong(at, "must not hold control characters")
        else:
            return value.strip()
        return ""

    def range_of(self, where: str, text: str, *, stable: bool = False) -> None:
        try:
            parsed = parse_range(text)
        except RangeError as error:
            self.wrong(where, str(error))
            return
        if stable and parsed.names_prerelease:
            self.wrong(where, "only a pre-release may ask for pre-releases of others")

    def permissions(self) -> list[str]:
        given = self.document.get("permissions", [])
        if not isinstance(given, list) or len(given) > MAX_PERMISSIONS:
            self.wrong("permissions", f"must be a list of at most {MAX_PERMISSIONS} texts")
            return []
        found = []
        for index, permission in enumerate(given):
            where = f"permissions[{index}]"
            problem = (
                permission_problem(permission) if isinstance(permission, str) else "must be a text"
            )
            if problem:
                self.wrong(where, problem)
            elif permission in found:
                self.wrong(where, f"{permission!r} is there twice")
            else:
                found.append(permission)
        return sorted(found)

    def entry_points(self, permissions: list[str]) -> list[EntryPoint]:
        given = self.document.get("entry_points")
        if not isinstance(given, list) or not 1 <= len(given) <= MAX_ENTRY_POINTS:
            self.wrong(
                "entry_points", f"must be a list of 1 to {MAX_ENTRY_POINTS} tables [[entry_points]]"
            )
            return []
        found: list[EntryPoint] = []
        for index, entry in enumerate(given):
            where = f"entry_points[{index}]"
            if not isinstance(entry, dict):
                self.wrong(where, "must be a table")
                continue
            point = self.entry_point(entry, where, permissions)
            if any(point.name == other.name for other in found):
                self.wrong(f"{where}.name", f"{point.name!r} is there twice")
            found.append(point)
        return found

    def entry_point(
        self, entry: Mapping[str, object], where: str, permissions: list[str]
    ) -> EntryPoint:
        for key in entry.keys() - _ENTRY_KEYS:
            self.wrong(f"{where}.{_quoted(key)}", "unknown key")
        name = self.text("name", entry, where=where)
        if name and not _NAME.fullmatch(name):
            self.wrong(f"{where}.name", "has lower-case letters, digits, - and _ only, at most 64")
        function = self.text("function", entry, where=where)
        if function and not _FUNCTION.fullmatch(function):
            self.wrong(f"{where}.function", "is no name of an exported function")
        hook = self.text("hook", entry, where=where)
        if hook and hook not in _HOOKS:
            self.wrong(f"{where}.hook", f"{hook[:40]!r} is no hook; there are {', '.join(_HOOKS)}")
        return EntryPoint(
            name=name,
            hook=cast(Hook, hook),  # when it is none, the manifest is refused anyway
            module=self.text("module", entry, where=where, longest=512),
            function=function,
            on=self.when(hook, entry, where, permissions),
        )

    def when(
        self, hook: str, entry: Mapping[str, object], where: str, permissions: list[str]
    ) -> str | None:
        """What a hook runs on: an event, a path, a schedule; None for the others."""
        wanted = _WHEN.get(hook)
        for key in (key for key in _WHEN.values() if key != wanted and key in entry):
            self.wrong(f"{where}.{key}", f"does not belong to the hook {hook[:40]!r}")
        if wanted is None:
            return None
        value = self.text(wanted, entry, where=where)
        at = f"{where}.{wanted}"
        if wanted == "event" and value:
            if value not in EVENTS:
                self.wrong(at, f"{value[:80]!r} is no event; there are {', '.join(EVENTS)}")
            elif f"events:{value}" not in permissions:
                self.wrong(at, f"needs the permission 'events:{value}'")
        elif wanted == "path" and value and not _PATH.fullmatch(value):
            self.wrong(at, "must begin with / and hold plain path characters only")
        elif wanted == "schedule" and value and not _CRON.fullmatch(value):
            self.wrong(at, "must be a cron line of five fields, such as '*/5 * * * *'")
        return value

    def relations(self, key: str, address: str) -> list[tuple[str, str, object]]:
        """Address, place and value of each plug-in that a table names."""
        given = self.document.get(key, {})
        if not isinstance(given, dict) or len(given) > MAX_RELATIONS:
            self.wrong(key, f"must be a table of at most {MAX_RELATIONS} plug-ins")
            return []
        found = []
        for other, value in given.items():
            where = f'{key}."{other[:200]}"'
            if not _ADDRESS.fullmatch(other):
                self.wrong(where, 'must be an address "owner/slug" in quotes')
            elif other == address:
                self.wrong(where, "a plug-in cannot name itself")
            else:
                found.append((other, where, value))
        return found

    def dependencies(self, address: str, *, stable: bool) -> dict[str, Needed]:
        found: dict[str, Needed] = {}
        for other, where, value in self.relations("dependencies", address):
            table = {"version": value} if isinstance(value, str) else value
            if not isinstance(table, dict):
                self.wrong(
                    where, 'must be a range "^1.2", or { version = "^1.2", optional = true }'
                )
                continue
            for key in table.keys() - {"version", "optional"}:
                self.wrong(f"{where}.{_quoted(key)}", "unknown key; there are version and optional")
            optional = table.get("optional", False)
            if not isinstance(optional, bool):
                self.wrong(f"{where}.optional", "must be true or false")
                continue
            wanted = self.text("version", table, where=where)
            if wanted:
                at = where if isinstance(value, str) else f"{where}.version"
                self.range_of(at, wanted, stable=stable)
                found[other] = Needed(range=wanted, optional=optional)
        return dict(sorted(found.items()))

    def conflicts(self, address: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for other, where, value in self.relations("conflicts", address):
            if not isinstance(value, str) or not value.strip():
                self.wrong(where, 'must be a range such as "<2", or "*"')
                continue
            self.range_of(where, value.strip())
            found[other] = value.strip()
        needed = self.document.get("dependencies", {})
        for other, unwanted in found.items():
            if isinstance(needed, dict) and unwanted == "*" and other in needed:
                self.wrong(f'conflicts."{other}"', "it is needed too: see dependencies")
        return dict(sorted(found.items()))

    def configuration(self) -> dict[str, Any] | None:  # as in the manifest
        given = self.document.get("configuration")
        if given is None:
            return None
        found = schema_problems(given, where="configuration")
        self.problems.extend(found)
        return None if found else cast(dict[str, Any], given)


def _quoted(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", key) else f'"{key[:60]}"'
