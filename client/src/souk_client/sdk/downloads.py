"""Fetching the files of a licence: resumed, verified, and only then given their names."""

import hashlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Protocol

import httpx
import msgspec

from souk_client.contracts.delivery import LicensedFile, LicensedFiles
from souk_client.sdk import rights
from souk_client.sdk.call import Call, T
from souk_client.sdk.errors import IntegrityError, SoukApiError
from souk_client.sdk.paths import safe_path
from souk_client.sdk.progress import OnProgress, Progress
from souk_client.sdk.retry import RetryPolicy
from souk_client.sdk.transport import api_error, connection_error

CHUNK_BYTES: Final = 1024 * 1024
AT_ONCE_S: Final = 0.05
_RENEWED: Final = frozenset({401, 403, 410})
"""Answers of a signed address that has run out: a fresh one may work."""


class Marketplace(Protocol):
    """What downloading needs of a client."""

    @property
    def http(self) -> httpx.Client: ...
    @property
    def retry(self) -> RetryPolicy: ...
    def send(self, call: Call[T]) -> T: ...


class DownloadedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is there and has the promised hash."""

    path: str
    sha256: str
    size_bytes: int
    received_bytes: int
    """What came over the wire this time; 0 when it was there before."""


class Downloaded(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a licence in a folder."""

    licence_id: str
    listing_address: str
    version: str
    folder: str
    files: list[DownloadedFile]


def download(
    souk: Marketplace,
    licence_id: str,
    folder: Path,
    *,
    version: str | None,
    only: Sequence[str],
    parallel: int,
    on_progress: OnProgress,
) -> Downloaded:
    """See `Souk.download`."""
    addresses = _Addresses(lambda: souk.send(rights.list_files(licence_id, version=version)))
    listed = addresses.listed
    unknown = set(only) - {file.path for file in listed.items}
    if unknown:
        raise IntegrityError(f"The licence has no file {', '.join(sorted(unknown))}.")
    wanted = [file for file in listed.items if not only or file.path in only]
    folder.mkdir(parents=True, exist_ok=True)
    places = {file.path: safe_path(folder, file.path) for file in wanted}

    def fetch(file: LicensedFile) -> DownloadedFile:
        place = places[file.path]
        fetcher = _Fetcher(souk, addresses, file, place, on_progress=on_progress)
        return DownloadedFile(
            path=file.path,
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            received_bytes=fetcher.run(),
        )

    with ThreadPoolExecutor(max_workers=parallel) as pool:
        futures = [pool.submit(fetch, file) for file in wanted]
        try:
            files = [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return Downloaded(
        licence_id=licence_id,
        listing_address=listed.listing_address,
        version=listed.version,
        folder=str(folder),
        files=files,
    )


class _Addresses:
    """The signed addresses of a licence's files, listed again when one has run out."""

    def __init__(self, list_files: Callable[[], LicensedFiles]) -> None:
        self._list_files = list_files
        self._lock = threading.Lock()
        self.listed = list_files()

    def of(self, path: str) -> str:
        return next(file.url for file in self.listed.items if file.path == path)

    def after(self, path: str, stale: str) -> str:
        """An address other than the stale one."""
        with self._lock:
            if self.of(path) == stale:
                self.listed = self._list_files()
            return self.of(path)


class _Fetcher:
    """One file: into `.<name>.<hash>.part` beside its place, then renamed."""

    def __init__(
        self,
        souk: Marketplace,
        addresses: _Addresses,
        file: LicensedFile,
        place: Path,
        *,
        on_progress: OnProgress,
    ) -> None:
        self._souk = souk
        self._addresses = addresses
        self._file = file
        self._place = place
        self._part = place.with_name(f".{place.name}.{file.sha256[:16]}.part")
        self._on_progress = on_progress
        self._url = addresses.of(file.path)
        self._received = 0
        self._from_home = False
        """Whether edge nodes are passed by: they could not be reached."""
        self._hashed: tuple[int, hashlib._Hash] = (0, hashlib.sha256())
        """How much of the part file was hashed while it was written, and its hash so far."""
        self._renewed_at = -1
        """How much had been received when the address was last asked for again."""

    def run(self) -> int:
        """Bytes received. Raises IntegrityError when the content is not what was promised."""
        if self._place.is_file() and self._hash_of(self._place).hexdigest() == self._file.sha256:
            self._tell(self._file.size_bytes)
            return 0
        self._place.parent.mkdir(parents=True, exist_ok=True)
        resumed = self._part.exists()
        if not self._fill() and not (resumed and self._fill(afresh=True)):
            raise IntegrityError(
                f"{self._file.path} arrived with another hash than the marketplace promised."
            )
        self._part.replace(self._place)
        _sync_folder(self._place.parent)
        return self._received

    def _fill(self, *, afresh: bool = False) -> bool:
        """Completes the part file, trying again after breaks; whether its hash is right."""
        if afresh:
            self._part.unlink(missing_ok=True)
        attempt = 1
        while True:
            before = self._received
            try:
                digest = self._attempt()
            except (httpx.TransportError, SoukApiError) as error:
                attempt = 1 if self._received > before else attempt
                broken = isinstance(error, httpx.TransportError)
                # What broke after it had flowed, or is tried elsewhere now, is not overloaded.
                at_once = broken and (attempt == 1 or not self._from_home)
                self._from_home = attempt > 1 and broken
                pause_s = self._pause(error, attempt)
                time.sleep(min(pause_s, AT_ONCE_S) if at_once else pause_s)
                attempt += 1
                continue
            if digest == self._file.sha256:
                return True
            self._part.unlink(missing_ok=True)
            return False

    def _pause(self, error: httpx.TransportError | SoukApiError, attempt: int) -> float:
        """Seconds until the next attempt; raises when there is no use in one."""
        delay = self._souk.retry.delay(attempt)
        if isinstance(error, SoukApiError):
            if error.status in _RENEWED and self._renewed_at != self._received:
                self._renewed_at = self._received
                self._url = self._addresses.after(self._file.path, self._url)
                return 0.0
            if error.status not in (429, 502, 503, 504) or delay is None:
                raise error
            return max(delay, min(error.retry_after_s or 0.0, self._souk.retry.longest_wait_s))
        if delay is None:
            raise connection_error(error) from error
        return delay

    def _attempt(self) -> str:
        """Fetches what is missing; the hash of the whole part file."""
        have = self._part.stat().st_size if self._part.exists() else 0
        if have > self._file.size_bytes:
            self._part.unlink()
            have = 0
        digest = self._digest_so_far(have)
        if have < self._file.size_bytes or not self._part.exists():
            digest = self._stream(have, digest)
        return digest.hexdigest()

    def _stream(self, have: int, digest: "hashlib._Hash") -> "hashlib._Hash":
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        # The marketplace may name a node nearer by, which takes no credentials.
        url = f"{self._url}?from=home" if self._from_home else self._url
        with self._souk.http.stream("GET", url, headers=headers, follow_redirects=True) as response:
            if response.status_code not in (200, 206):
                response.read()
                raise api_error(response)
            if have and not _continues(response, have):
                have, digest = 0, hashlib.sha256()
            with self._part.open("r+b" if have else "wb") as part:
                part.seek(have)
                part.truncate()
                for chunk in response.iter_raw():
                    have += len(chunk)
                    if have > self._file.size_bytes:
                        raise IntegrityError(f"{self._file.path} is longer than promised.")
                    part.write(chunk)
                    digest.update(chunk)
                    self._hashed = (have, digest)
                    self._received += len(chunk)
                    self._tell(have)
                part.flush()
                os.fsync(part.fileno())
        if have < self._file.size_bytes:
            raise httpx.ReadError("the connection ended before the file did")
        return digest

    def _digest_so_far(self, have: int) -> "hashlib._Hash":
        """The hash of the part file; a break does not make it be read again from its beginning."""
        hashed, digest = self._hashed
        if not have:
            return hashlib.sha256()
        return digest.copy() if hashed == have else self._hash_of(self._part)

    def _hash_of(self, path: Path) -> "hashlib._Hash":
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
        return digest

    def _tell(self, done_bytes: int) -> None:
        self._on_progress(
            Progress(
                path=self._file.path,
                phase="download",
                done_bytes=done_bytes,
                total_bytes=self._file.size_bytes,
            )
        )


def _continues(response: httpx.Response, have: int) -> bool:
    """Whether a partial answer begins where the part file ends."""
    expected = f"bytes {have}-"
    return response.status_code == 206 and response.headers.get("content-range", "").startswith(
        expected
    )


def _sync_folder(folder: Path) -> None:
    """Makes the rename last through a power cut, where the system can do that."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)
