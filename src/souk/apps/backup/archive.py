"""The archive: a tar file whose last member lists every other with its size and hash."""

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final

import msgspec

from souk.apps.backup.errors import BackupError
from souk.apps.backup.manifest import FORMAT, FORMAT_VERSION, MANIFEST_NAME, FileEntry, Manifest

_CHUNK_BYTES: Final = 2**20
_MANIFEST_LIMIT_BYTES: Final = 2**30


class _HashingReader(io.RawIOBase):
    """Hashes what passes through, so that each file is read once."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._source.read(size)
        self.sha256.update(chunk)
        return chunk


class ArchiveWriter:
    """Adds files one after the other, and their list at the end."""

    def __init__(self, file: IO[bytes]) -> None:
        self._tar = tarfile.TarFile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT)
        self._files: dict[str, FileEntry] = {}

    @property
    def files(self) -> dict[str, FileEntry]:
        """What has been added."""
        return dict(self._files)

    def add_file(self, name: str, path: Path) -> None:
        """Adds the file at `path` under `name`."""
        with path.open("rb") as source:
            self._add(name, source, size_bytes=path.stat().st_size)

    def add_bytes(self, name: str, content: bytes) -> None:
        """Adds a small file."""
        self._add(name, io.BytesIO(content), size_bytes=len(content))

    def finish(self, manifest: Manifest) -> None:
        """Adds the list and ends the archive."""
        self.add_bytes(MANIFEST_NAME, msgspec.json.format(msgspec.json.encode(manifest)))
        self._tar.close()

    def _add(self, name: str, source: IO[bytes], *, size_bytes: int) -> None:
        member = tarfile.TarInfo(name)
        member.size = size_bytes
        member.mode = 0o600
        reader = _HashingReader(source)
        self._tar.addfile(member, reader)
        self._files[name] = FileEntry(size_bytes, reader.sha256.hexdigest())


def unpack(archive: Path, folder: Path, *, progress: Callable[[str], None]) -> Manifest:
    """Writes every file of the archive below `folder` (private) and checks it against the list.

    Raises:
        BackupError: it is no backup, was cut off, was changed, or is from a newer Souk.
    """
    found: dict[str, FileEntry] = {}
    manifest: Manifest | None = None
    try:
        with tarfile.open(archive, mode="r|") as tar:
            for name, content in _members(tar, archive):
                if name == MANIFEST_NAME:
                    manifest = _decode(content.read(_MANIFEST_LIMIT_BYTES), archive)
                    continue
                found[name] = _write(content, folder / name)
                if len(found) % 1000 == 0:
                    progress(f"Unpacked {len(found)} files")
    except tarfile.TarError as error:
        raise BackupError(f"{archive} is not a backup, or was cut off: {error}.") from error
    if manifest is None:
        raise BackupError(f"{archive} was cut off: its list of files, the last part, is missing.")
    _compare(found, manifest, archive)
    return manifest


def _members(tar: tarfile.TarFile, archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    for member in tar:
        parts = PurePosixPath(member.name).parts
        content = tar.extractfile(member) if member.isreg() else None
        if content is None or not parts or ".." in parts or parts[0] == "/":
            raise BackupError(f"{archive} is no backup of Souk: it holds {member.name!r}.")
        yield member.name, content


def _write(content: IO[bytes], path: Path) -> FileEntry:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sha256, size_bytes = hashlib.sha256(), 0
    with path.open("xb") as file:
        path.chmod(0o600)
        while chunk := content.read(_CHUNK_BYTES):
            sha256.update(chunk)
            size_bytes += len(chunk)
            file.write(chunk)
    return FileEntry(size_bytes, sha256.hexdigest())


def _decode(text: bytes, archive: Path) -> Manifest:
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.DecodeError as error:
        raise BackupError(f"{archive}: its list of files cannot be read ({error}).") from error
    if manifest.format != FORMAT:
        raise BackupError(f"{archive} is no backup of Souk.")
    if manifest.format_version > FORMAT_VERSION:
        raise BackupError(f"{archive} was written by a newer Souk; restore it with that one.")
    return manifest


def _compare(found: dict[str, FileEntry], manifest: Manifest, archive: Path) -> None:
    wrong = [name for name, entry in manifest.files.items() if found.get(name) != entry]
    wrong += [name for name in found if name not in manifest.files]
    if wrong:
        raise BackupError(
            f"{archive} is damaged: {len(wrong)} of its files differ from their hash or are "
            f"missing, the first is {wrong[0]}. Use another backup."
        )
