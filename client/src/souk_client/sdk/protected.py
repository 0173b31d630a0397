"""Protected files on a device: fetched with resumption, opened without a connection."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import httpx

from souk_client.contracts.delivery import LicensedFile
from souk_client.proofs.errors import ProofError
from souk_client.proofs.protected_file import (
    MAX_HEADER_BYTES,
    PROTECTED_SUFFIX,
    ProtectedFile,
    read_header,
)
from souk_client.sdk.downloads import Marketplace
from souk_client.sdk.errors import IntegrityError
from souk_client.sdk.paths import safe_path
from souk_client.sdk.transport import api_error

ATTEMPTS: Final = 5


def fetch_protected(souk: Marketplace, file: LicensedFile, folder: Path) -> Path:
    """Fetches a file in its protected form; a part that is there already is gone on with.

    Raises:
        IntegrityError: what came is not the protected form of this file.
        SoukApiError: the marketplace refuses it.
    """
    place = safe_path(folder, f"{file.path}{PROTECTED_SUFFIX}")
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.{file.sha256[:16]}.part")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _stream(souk, file, part)
            break
        except httpx.TransportError:
            if attempt == ATTEMPTS:
                raise
    with part.open("rb") as stream:
        header, _ = read_header(stream.read(MAX_HEADER_BYTES))
    if header.sha256 != file.sha256 or header.path != file.path:
        part.unlink()
        raise IntegrityError(f"{file.path} arrived as another file than was promised.")
    part.replace(place)
    return place


def _stream(souk: Marketplace, file: LicensedFile, part: Path) -> None:
    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with souk.http.stream("GET", file.url, headers=headers) as response:
        if response.status_code == 416:
            return  # all of it had come
        if response.status_code not in (200, 206):
            response.read()
            raise api_error(response)
        resumed = response.status_code == 206
        with part.open("ab" if resumed else "wb") as stream:
            for chunk in response.iter_raw():
                stream.write(chunk)


def open_protected(path: Path, content_key: bytes) -> Iterator[bytes]:
    """The plaintext of a protected file, a segment at once; each is checked before it is given.

    Raises:
        ProofError: another licence's key, or a file that was changed or cut.
    """
    with path.open("rb") as stream:
        file, at = _opened(stream, content_key)
        stream.seek(at)
        digest = hashlib.sha256()
        for number in range(file.count):
            plain = file.open(number, stream.read(file.length_of(number)))
            digest.update(plain)
            yield plain
        if stream.read(1) or digest.hexdigest() != file.header.sha256:
            raise ProofError(f"{path.name} is not the file that was licensed.")


def _opened(stream: BinaryIO, content_key: bytes) -> tuple[ProtectedFile, int]:
    header, at = read_header(stream.read(MAX_HEADER_BYTES))
    return ProtectedFile(header, content_key), at
