"""A CAR file on its way in: its blocks on disk, each once and checked, and where each one is."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterable
from pathlib import Path
from typing import Final

from souk.delivery.ipfs.errors import CarRefused
from souk.delivery.ipfs.settings import IpfsSettings
from souk.kernel.errors import TooLarge, Unavailable
from souk_client.proofs import ProofError
from souk_client.proofs.ipfs import CarReader, Cid
from souk_client.proofs.ipfs.cids import IDENTITY

PIECE_BYTES: Final = 2**20
FREE_BYTES_KEPT: Final = 512 * 2**20


class Spool:
    """Blocks by their digests, in a file of a folder that the importer removes."""

    def __init__(self, folder: Path, settings: IpfsSettings) -> None:
        self._path = folder / "blocks"
        self._settings = settings
        self._reader = CarReader()
        self._places: dict[bytes, tuple[int, int]] = {}
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._bytes = 0

    @property
    def roots(self) -> tuple[Cid, ...]:
        return self._reader.roots

    async def fill(self, stream: AsyncIterable[bytes]) -> None:
        """Takes a whole CAR file.

        Raises:
            TooLarge: `car_too_large`. Invalid: `car_invalid`. Unavailable: `storage_full`.
        """
        waiting = bytearray()
        arrived = 0
        try:
            async for piece in stream:
                arrived += len(piece)
                if arrived > self._settings.max_import_bytes:
                    raise _too_large(self._settings)
                waiting += piece
                if len(waiting) >= PIECE_BYTES:
                    await asyncio.to_thread(self._take, bytes(waiting))
                    waiting.clear()
            await asyncio.to_thread(self._take, bytes(waiting))
            self._reader.finish()
        except ProofError as error:
            raise CarRefused(str(error)) from None

    def read(self, cid: Cid) -> bytes:
        """A block that the file holds. Raises ProofError when it does not."""
        if cid.hash_code == IDENTITY:
            return cid.digest
        place = self._places.get(cid.digest)
        if place is None:
            raise ProofError(f"The CAR file lacks the block {cid}, which another one links to.")
        return os.pread(self._file, place[1], place[0])

    def close(self) -> None:
        """Gives the file back."""
        os.close(self._file)

    def _take(self, piece: bytes) -> None:
        if shutil.disk_usage(self._path.parent).free < FREE_BYTES_KEPT + len(piece):
            raise Unavailable(
                "storage_full",
                "The marketplace's disk has no room for this file now; try again later.",
            )
        for cid, block in self._reader.feed(piece):
            if cid.hash_code == IDENTITY or cid.digest in self._places:
                continue
            if len(self._places) >= self._settings.max_import_blocks:
                raise ProofError(
                    f"The CAR file has more than {self._settings.max_import_blocks} blocks."
                )
            os.pwrite(self._file, block, self._bytes)
            self._places[cid.digest] = (self._bytes, len(block))
            self._bytes += len(block)


def _too_large(settings: IpfsSettings) -> TooLarge:
    return TooLarge(
        "car_too_large",
        f"A CAR file, and its files together, may have at most {settings.max_import_bytes} bytes.",
    )
