"""Facts about the provenance log."""

from typing import ClassVar

from souk.kernel.events import Event


class FilesPublished(Event, frozen=True, kw_only=True):
    """An entry says that these files are public."""

    topic: ClassVar[str] = "rights.files_published"
    entry_id: str
    listing_id: str
    sha256s: list[str]
