"""Reads the wheel's dependencies from run.in, so that they are named in one place only."""

from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface


class DependenciesFromRequirements(MetadataHookInterface):
    """Fills `dependencies` with the lines of requirements/run.in and the client's distribution."""

    def update(self, metadata: dict[str, object]) -> None:
        lines = (Path(self.root) / "requirements" / "run.in").read_text().splitlines()
        named = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        metadata["dependencies"] = [*named, "souk-client"]
