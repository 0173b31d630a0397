"""Content by its CID: fetched as CAR files that prove themselves, and sent as such."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
import msgspec

from souk_client.contracts.ipfs import ImportedCar, VersionCid
from souk_client.proofs import ProofError
from souk_client.proofs.ipfs import DAG_PB, CarReader, Cid, decode_node, parse_cid
from souk_client.proofs.ipfs.cids import IDENTITY
from souk_client.sdk.call import Call, Endpoint, Namespace, S, api
from souk_client.sdk.errors import IntegrityError
from souk_client.sdk.transport import api_error, connection_error

if TYPE_CHECKING:
    from souk_client.sdk.client import Souk

PIECE_BYTES: Final = 2**20
IMPORT_TIMEOUT: Final = httpx.Timeout(3600.0, connect=10.0)
"""The answer comes when every file is checked, written out and durable."""


def version_cid(listing_id: str, version: str) -> Call[VersionCid]:
    """The CID of a published version as a folder, and whether everybody may fetch it."""
    path = api("listings", listing_id, "versions", version, "ipfs")
    return Call(method="GET", path=path, answer=VersionCid)


def get_block(cid: str) -> Call[bytes]:
    """One block by its CID, as it is; `souk_client.proofs.ipfs` checks it."""
    return Call(method="GET", path=f"/ipfs/{parse_cid(cid)}", answer=bytes, query={"format": "raw"})


class Ipfs(Namespace[S]):
    """What the marketplace gives by CIDs."""

    version = Endpoint(version_cid)
    block = Endpoint(get_block)


def fetch_car(souk: "Souk", cid: str, place: Path) -> int:
    """See `Souk.fetch_car`."""
    root = parse_cid(cid)
    received = _Received(root)
    part = place.with_name(f".{place.name}.part")
    asked = {"format": "car", "car-dups": "n"}
    headers = _authorization(souk)
    try:
        with souk.http.stream("GET", f"/ipfs/{root}", params=asked, headers=headers) as answer:
            if not answer.is_success:
                answer.read()
                raise api_error(answer)
            with part.open("wb") as file:
                for piece in answer.iter_bytes(PIECE_BYTES):
                    received.take(piece)
                    file.write(piece)
        received.finish()
        part.replace(place)
    except ProofError as error:
        raise IntegrityError(str(error)) from error
    except httpx.TransportError as error:
        raise connection_error(error) from error
    finally:
        part.unlink(missing_ok=True)
    return place.stat().st_size


class _Received:
    """Checks a CAR file while it arrives: every block, the root, and that nothing is missing."""

    def __init__(self, root: Cid) -> None:
        self._root = root
        self._reader = CarReader()
        self._there: set[bytes] = set()
        self._linked = {root.digest}

    def take(self, piece: bytes) -> None:
        for cid, block in self._reader.feed(piece):
            self._there.add(cid.digest)
            if cid.codec == DAG_PB:
                links = (link.cid for link in decode_node(block).links)
                self._linked |= {link.digest for link in links if link.hash_code != IDENTITY}

    def finish(self) -> None:
        self._reader.finish()
        if [root.digest for root in self._reader.roots] != [self._root.digest]:
            raise ProofError(f"The CAR file that came is not of {self._root}.")
        if self._root.hash_code != IDENTITY and self._linked - self._there:
            missing = len(self._linked - self._there)
            raise ProofError(f"The CAR file of {self._root} lacks {missing} block(s).")


def import_car(
    souk: "Souk", path: Path, *, filename: str | None, organisation_id: str | None
) -> ImportedCar:
    """See `Souk.import_car`."""
    named = {"filename": filename, "organisation_id": organisation_id}
    params = {name: value for name, value in named.items() if value is not None}
    headers = _authorization(souk) | {"content-type": "application/vnd.ipld.car"}
    try:
        answer = souk.http.post(
            api("ipfs", "imports"),
            params=params,
            headers=headers,
            content=_pieces(path),
            timeout=IMPORT_TIMEOUT,
        )
    except httpx.TransportError as error:
        raise connection_error(error) from error
    if not answer.is_success:
        raise api_error(answer)
    return msgspec.json.decode(answer.content, type=ImportedCar)


def _authorization(souk: "Souk") -> dict[str, str]:
    token = souk.credentials.token
    return {} if token is None else {"authorization": f"Bearer {token}"}


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece
