"""The gate that versions of plug-ins pass: their manifest, and the modules that it names."""

from collections.abc import Sequence

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.works.artifacts.api import Artifacts
from souk.works.listings.api import AdmittedVersion, VersionCandidate
from souk.works.plugins import store
from souk.works.plugins.errors import KeyProblem, ManifestInvalid
from souk.works.plugins.manifest import FILE, MAX_BYTES, Manifest, read_manifest
from souk.works.plugins.settings import PluginSettings
from souk.works.plugins.wasm import WasmError, exported_functions
from souk.works.revisions.api import TreeFile


class ManifestGate:
    """Implements `listings.api.VersionGate` for listings of kind `plugin`."""

    def __init__(self, artifacts: Artifacts, settings: PluginSettings) -> None:
        self._artifacts = artifacts
        self._settings = settings

    async def check(self, candidate: VersionCandidate) -> dict[str, object] | None:
        if candidate.kind != "plugin":
            return None
        manifest = await self._manifest(candidate)
        problems = await self._module_problems(manifest, candidate.files)
        if problems:
            raise ManifestInvalid(problems)
        facts: dict[str, object] = msgspec.to_builtins(manifest)
        return facts

    async def admit(
        self, uow: UnitOfWork, versions: Sequence[AdmittedVersion], *, published: bool
    ) -> None:
        releases = [
            store.NewRelease(
                version_id=one.version_id,
                listing_id=one.candidate.listing_id,
                organisation_id=one.candidate.organisation_id,
                address=one.candidate.address,
                version=one.candidate.version,
                manifest=one.facts,
                files=[[file.path, file.sha256, file.size_bytes] for file in one.candidate.files],
            )
            for one in versions
        ]
        if releases:
            await store.add_releases(uow, releases)
        if releases and published:
            await store.publish_releases(uow, [one.version_id for one in releases])

    async def _manifest(self, candidate: VersionCandidate) -> Manifest:
        by_path = {file.path: file for file in candidate.files}
        if FILE not in by_path:
            raise ManifestInvalid(
                [KeyProblem(FILE, "a plug-in's version needs this file at its top")]
            )
        text = await self._read(by_path[FILE].sha256, limit=MAX_BYTES + 1)
        return read_manifest(text, address=candidate.address, version=candidate.version)

    async def _module_problems(
        self, manifest: Manifest, files: Sequence[TreeFile]
    ) -> list[KeyProblem]:
        by_path = {file.path: file for file in files}
        exports: dict[str, frozenset[str] | str] = {}
        problems = []
        for index, point in enumerate(manifest.entry_points):
            if point.module not in exports:
                exports[point.module] = await self._exports(by_path.get(point.module))
            found = exports[point.module]
            where = f"entry_points[{index}]"
            if isinstance(found, str):
                problems.append(KeyProblem(f"{where}.module", f"{point.module[:200]!r} {found}"))
            elif point.function not in found:
                names = ", ".join(sorted(found)[:10]) or "no functions"
                problems.append(
                    KeyProblem(
                        f"{where}.function",
                        f"{point.module[:200]!r} does not export {point.function!r}; "
                        f"it exports {names}",
                    )
                )
        return problems

    async def _exports(self, file: TreeFile | None) -> frozenset[str] | str:
        """The functions that a module exports, or what is wrong with it."""
        if file is None:
            return "is no file of this version"
        if file.size_bytes > self._settings.max_module_bytes:
            return f"has more than {self._settings.max_module_bytes} bytes"
        try:
            return exported_functions(await self._read(file.sha256, limit=file.size_bytes))
        except WasmError as error:
            return f"cannot be used: {error}"

    async def _read(self, sha256: str, *, limit: int) -> bytes:
        chunks = [chunk async for chunk in self._artifacts.open(sha256, end=limit)]
        return b"".join(chunks)
