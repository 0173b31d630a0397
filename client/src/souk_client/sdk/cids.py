"""The CID of files and folders on this machine."""

from pathlib import Path
from typing import Final

from souk_client.proofs import SUFFIX, ProofError
from souk_client.proofs.ipfs import Cid, Entry, FileHasher, directory_dag

READ_BYTES: Final = 2**20


def cid_of_path(path: Path) -> Cid:
    """What IPFS calls a file, or a folder of files; bundles of evidence and hidden files left out.

    Raises:
        ProofError: the folder holds no files.
    """
    if path.is_file():
        return _file(path).cid
    files = [
        (place.relative_to(path).as_posix(), _file(place))
        for place in sorted(path.rglob("*"))
        if place.is_file() and not _is_left_out(place.relative_to(path))
    ]
    if not files:
        raise ProofError(f"{path} holds no files.")
    return directory_dag(files).root.cid


def _is_left_out(place: Path) -> bool:
    hidden = any(part.startswith(".") for part in place.parts)
    return hidden or (len(place.parts) == 1 and place.name.endswith(SUFFIX))


def _file(path: Path) -> Entry:
    hasher = FileHasher()
    with path.open("rb") as file:
        while piece := file.read(READ_BYTES):
            hasher.update(piece)
    return hasher.dag().root
