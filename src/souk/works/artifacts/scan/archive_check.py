"""Archives: member names that stay inside, sizes that are what they claim, no pickles in hiding."""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable
from typing import BinaryIO, Final, cast

from souk.kernel.paths import escape_problem
from souk.works.artifacts.scan.findings import Report, Unsafe

MAX_MEMBERS: Final = 20_000
MAX_UNPACKED_BYTES: Final = 64 * 2**30
MAX_RATIO: Final = 200
RATIO_FREE_BYTES: Final = 100 * 2**20
"""Below this, no ratio is a bomb."""
MAX_READ_BYTES: Final = 256 * 2**20
"""How much of one member is unpacked into memory."""
MAX_STREAM_BYTES: Final = 16 * 2**30
"""How much of a compressed stream is unpacked to be looked at."""
MAX_DEPTH: Final = 2

_Stream = gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile
Inspect = Callable[[str, BinaryIO, int], None]
"""Looks at one member: its name, content and length."""


def check_zip(file: BinaryIO, size_bytes: int, report: Report, *, inspect: Inspect) -> None:
    """Checks a ZIP archive's table, then shows every member to `inspect`.

    Raises:
        Unsafe: when it is broken or a bomb.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Unsafe(f"it is no whole ZIP archive: {str(error)[:100]}") from error
    members = archive.infolist()
    _check_table(members, size_bytes)
    report.facts["members"] = len(members)
    report.facts["unpacked_bytes"] = sum(member.file_size for member in members)
    for member in members:
        _check_name(member.filename, report)
        if stat.S_ISLNK(member.external_attr >> 16):
            report.refuse(f"member {member.filename[:80]!r} is a link")
        elif member.flag_bits & 1:
            report.refuse(f"member {member.filename[:80]!r} is encrypted and cannot be looked at")
        elif not member.is_dir():
            _inspect_zipped(archive, member, inspect)


def _check_table(members: list[zipfile.ZipInfo], size_bytes: int) -> None:
    if len(members) > MAX_MEMBERS:
        raise Unsafe(f"it has more than {MAX_MEMBERS} members")
    unpacked = sum(member.file_size for member in members)
    _check_size(unpacked, size_bytes)
    end = 0
    for member in sorted(members, key=lambda found: found.header_offset):
        if member.header_offset < end:
            raise Unsafe("members overlap: it is a zip bomb")
        end = member.header_offset + member.compress_size
    names = [member.filename for member in members]
    if len(set(names)) != len(names):
        raise Unsafe("a member is there twice")


def _inspect_zipped(archive: zipfile.ZipFile, member: zipfile.ZipInfo, inspect: Inspect) -> None:
    try:
        with archive.open(member) as opened:
            content = opened.read(MAX_READ_BYTES)
            if len(content) < MAX_READ_BYTES and len(content) != member.file_size:
                raise Unsafe(f"member {member.filename[:80]!r} has another length than it claims")
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError) as error:
        raise Unsafe(f"member {member.filename[:80]!r} cannot be read: {error}") from error
    except (RuntimeError, lzma.LZMAError) as error:
        raise Unsafe(f"member {member.filename[:80]!r} cannot be unpacked: {error}") from error
    inspect(member.filename, io.BytesIO(content), member.file_size)


def check_tar(
    file: "BinaryIO | Unpacked", size_bytes: int, report: Report, *, inspect: Inspect
) -> None:
    """Checks a TAR archive as it streams by, and shows every member to `inspect`.

    Raises:
        Unsafe: when it is broken or too large.
    """
    count = unpacked = 0
    try:
        with tarfile.open(fileobj=cast(BinaryIO, file), mode="r|") as archive:  # it only reads
            for member in archive:
                count += 1
                unpacked += member.size
                if count > MAX_MEMBERS:
                    raise Unsafe(f"it has more than {MAX_MEMBERS} members")
                _check_size(unpacked, max(size_bytes, unpacked))
                _check_tar_member(archive, member, report, inspect=inspect)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise Unsafe(f"it is no whole TAR archive: {str(error)[:100]}") from error
    report.facts["members"] = count
    report.facts["unpacked_bytes"] = unpacked


def _check_tar_member(
    archive: tarfile.TarFile, member: tarfile.TarInfo, report: Report, *, inspect: Inspect
) -> None:
    _check_name(member.name, report)
    if member.issym() or member.islnk():
        report.refuse(f"member {member.name[:80]!r} is a link")
    elif not (member.isfile() or member.isdir()):
        report.refuse(f"member {member.name[:80]!r} is a device or something else special")
    elif member.isfile():
        opened = archive.extractfile(member)
        assert opened is not None
        inspect(member.name, io.BytesIO(opened.read(MAX_READ_BYTES)), member.size)


def open_compressed(kind: str, file: BinaryIO, size_bytes: int) -> "Unpacked":
    """The stream inside a gzip, bzip2 or xz file, which refuses to be a bomb."""
    if kind == "gzip":
        return Unpacked(gzip.GzipFile(fileobj=file), size_bytes)
    return Unpacked(bz2.BZ2File(file) if kind == "bzip2" else lzma.LZMAFile(file), size_bytes)


class Unpacked(io.RawIOBase):
    """Counts what comes out of a decompressor.

    Raises:
        Unsafe: from `read`, when more comes out than honest content would give.
    """

    def __init__(self, stream: _Stream, packed_bytes: int) -> None:
        self._stream = stream
        self._packed_bytes = packed_bytes
        self.count = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        try:
            content = self._stream.read(min(size, 2**20) if size > 0 else 2**20)
        except (OSError, EOFError, lzma.LZMAError, ValueError) as error:
            raise Unsafe(f"the compressed stream is broken: {str(error)[:100]}") from error
        self.count += len(content)
        _check_size(self.count, self._packed_bytes)
        if self.count > MAX_STREAM_BYTES:
            raise Unsafe(f"it unpacks to more than {MAX_STREAM_BYTES} bytes")
        return content


def _check_size(unpacked: int, packed: int) -> None:
    if unpacked > MAX_UNPACKED_BYTES:
        raise Unsafe(f"it unpacks to more than {MAX_UNPACKED_BYTES} bytes")
    if unpacked > RATIO_FREE_BYTES and unpacked > MAX_RATIO * packed:
        raise Unsafe(f"it is a decompression bomb: {packed} bytes would become {unpacked} and more")


def _check_name(name: str, report: Report) -> None:
    problem = escape_problem(name)
    if problem is not None:
        report.refuse(f"member {name[:80]!r} could be unpacked outside its folder: it {problem}")
