"""A work that comes as an archive: unpacked into a folder of its own, and gone afterwards.

An archive is a stranger's: nothing it says about places, links or sizes is believed.
"""

import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final

from souk_client.cli.failures import WRONG, Failure

ENDINGS: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
MAX_FILES: Final = 20_000
MAX_RATIO: Final = 200
"""How many times its own size an archive may unpack to, beyond `FREE_BYTES`."""
FREE_BYTES: Final = 64 * 2**20
_CHUNK_BYTES: Final = 2**20


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The folder itself, or a temporary one with what an archive holds.

    An archive with nothing but one folder in it stands for that folder.

    Raises:
        Failure: no archive that is known, or one that is not safe to unpack.
    """
    if path.is_dir():
        yield path
        return
    if not path.name.lower().endswith(ENDINGS):
        raise Failure(f"{path} is neither a folder nor an archive ({', '.join(ENDINGS)}).")
    with tempfile.TemporaryDirectory(prefix="souk-") as place:
        target = Path(place, _stem(path))
        target.mkdir()
        try:
            _unpack(path, target)
        except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError) as error:
            raise Failure(f"{path} cannot be unpacked: {error}", exit_code=WRONG) from error
        inside = list(target.iterdir())
        yield inside[0] if len(inside) == 1 and inside[0].is_dir() else target


def _stem(path: Path) -> str:
    """`iris` of `iris.tar.gz`: what a slug is made of when the card names none."""
    lower = path.name.lower()
    ending = max((one for one in ENDINGS if lower.endswith(one)), key=len)
    return path.name[: -len(ending)] or "work"


def _unpack(path: Path, target: Path) -> None:
    left = FREE_BYTES + MAX_RATIO * path.stat().st_size
    for count, (name, content) in enumerate(_members(path), start=1):
        if count > MAX_FILES:
            raise Failure(f"{path} holds more than {MAX_FILES:,} files.", exit_code=WRONG)
        place = target / _safe(path, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        with content, place.open("xb") as written:
            while chunk := content.read(_CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    raise Failure(
                        f"{path} unpacks to more than {MAX_RATIO} times its size.",
                        exit_code=WRONG,
                        hint="Unpack it yourself, if you trust it, and give the folder.",
                    )
                written.write(chunk)
    shutil.copystat(path, target)


def _members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """The regular files; links and devices are refused, folders follow from the files."""
    if path.name.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    if info.external_attr >> 16 & 0o170000 == 0o120000:
                        raise _link(path, info.filename)
                    yield info.filename, archive.open(info)
        return
    with tarfile.open(path) as packed:
        for member in packed:
            if member.isdir():
                continue
            content = packed.extractfile(member) if member.isreg() else None
            if content is None:
                raise _link(path, member.name)
            yield member.name, content


def _link(path: Path, name: str) -> Failure:
    return Failure(f"{path} holds {name!r}, which is a link or no file at all.", exit_code=WRONG)


def _safe(path: Path, name: str) -> PurePosixPath:
    inside = PurePosixPath(name)
    if (
        inside.is_absolute()
        or ".." in inside.parts
        or "\\" in name
        or "\0" in name
        or not inside.parts
    ):
        raise Failure(f"{path} holds {name!r}, which leads out of it.", exit_code=WRONG)
    return inside
