"""What goes before a commit: how each file is to be sent, and what need not be sent at all."""

import base64
import binascii
from fnmatch import fnmatchcase
from typing import Annotated

import msgspec

from souk.delivery.hub.desk import Desk, Seen
from souk.delivery.hub.entries import Entries
from souk.delivery.hub.model import is_large, is_text
from souk.delivery.hub.settings import HubSettings
from souk.delivery.hub.trees import TreeShelf
from souk.delivery.hub.wire import Preupload, PreuploadFile
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import Invalid


class PlannedFile(msgspec.Struct, frozen=True):
    """A file that a client wants to commit."""

    path: Annotated[str, msgspec.Meta(max_length=4096)]
    size: Annotated[int, msgspec.Meta(ge=0)] = 0
    sample: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    """Its first bytes, in base64."""


class PreuploadRequest(msgspec.Struct, frozen=True, rename="camel"):
    """Several of them."""

    files: list[PlannedFile] = []
    git_ignore: Annotated[str, msgspec.Meta(max_length=100_000)] | None = None


class HubPreparation:
    """Plans commits."""

    def __init__(
        self, desk: Desk, *, trees: TreeShelf, entries: Entries, settings: HubSettings
    ) -> None:
        self._desk = desk
        self._trees = trees
        self._entries = entries
        self._settings = settings

    async def prepare(
        self, uow: UnitOfWork, seen: Seen, revision: str, asked: PreuploadRequest
    ) -> Preupload:
        """How each file is to be sent, and the name of what lies at its path now.

        Raises:
            NotFound: `revision_not_found`. Invalid: `too_many_paths`.
        """
        if len(asked.files) > self._settings.batch_objects:
            limit = self._settings.batch_objects
            raise Invalid("too_many_paths", f"At most {limit} files may be asked about at once.")
        at = await self._desk.at(uow, seen, revision)
        tree = await self._trees.get(uow, at.revision_id)
        there = [found for file in asked.files if (found := tree.get(file.path)) is not None]
        names = await self._entries.names(uow, there)
        ignored = _patterns(asked.git_ignore or "")
        files = []
        for file in asked.files:
            large = self._is_large(file)
            known, found = names.get(file.path), tree.get(file.path)
            oid = None
            if known is not None and found is not None and known.large == large:
                oid = known.etag(found)
            files.append(
                PreuploadFile(
                    path=file.path,
                    upload_mode="lfs" if large else "regular",
                    should_ignore=_is_ignored(file.path, ignored),
                    oid=oid,
                )
            )
        return Preupload(files=files, commit_oid=at.oid)

    def _is_large(self, file: PlannedFile) -> bool:
        if is_large(file.path, file.size, limit=self._settings.max_inline_bytes):
            return True
        try:
            sample = base64.b64decode(file.sample, validate=True)
        except (binascii.Error, ValueError):
            sample = b"\0"
        return file.size > 0 and not is_text(sample)


Pattern = tuple[str, bool]
"""A glob of .gitignore, and whether it takes back what an earlier one ignores."""


def _patterns(text: str) -> list[Pattern]:
    """The patterns of a .gitignore: globs of names and of paths, folders, `!` to take back."""
    found = []
    for line in text.splitlines()[:1000]:
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            found.append((pattern.removeprefix("!"), pattern.startswith("!")))
    return found


def _is_ignored(path: str, patterns: list[Pattern]) -> bool:
    ignored = False
    for pattern, back in patterns:
        if _fits(path, pattern):
            ignored = not back
    return ignored


def _fits(path: str, pattern: str) -> bool:
    """Whether a pattern names this file, or a folder above it."""
    parts = path.split("/")
    plain = pattern.strip("/")
    anchored = "/" in pattern.rstrip("/")
    last = len(parts) - 1 if pattern.endswith("/") else len(parts)
    for depth in range(1, last + 1):
        candidate = "/".join(parts[:depth]) if anchored else parts[depth - 1]
        if fnmatchcase(candidate, plain):
            return True
    return False
