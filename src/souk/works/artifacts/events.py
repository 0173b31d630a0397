"""Facts about artifacts."""

from typing import ClassVar

from souk.kernel.events import Event
from souk_client.contracts.works import ScanState


class ArtifactStored(Event, frozen=True, kw_only=True):
    """New bytes are durable; nobody has held them before. The scan starts on this."""

    topic: ClassVar[str] = "works.artifact_stored"
    sha256: str
    size_bytes: int
    filename: str
    organisation_id: str
    """Who sent them first."""


class ArtifactScanned(Event, frozen=True, kw_only=True):
    """The scan came to a finding."""

    topic: ClassVar[str] = "works.artifact_scanned"
    sha256: str
    state: ScanState
    format: str | None = None
    reasons: list[str] = []


class ArtifactReleased(Event, frozen=True, kw_only=True):
    """An admin let a quarantined artifact through, and said why."""

    topic: ClassVar[str] = "works.artifact_released"
    sha256: str
    user_id: str
    reason: str
    reasons_before: list[str] = []
