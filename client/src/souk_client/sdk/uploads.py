"""Sending a file: hash it, announce it, send the missing parts in parallel, complete."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Final

from souk_client.contracts.works import Artifact, Upload
from souk_client.sdk import works
from souk_client.sdk.call import Blocking
from souk_client.sdk.errors import IntegrityError, SoukApiError
from souk_client.sdk.progress import OnProgress, Progress, UploadMemory

READ_BYTES: Final = 1024 * 1024


def hash_file(path: Path, *, name: str, on_progress: OnProgress) -> str:
    """The file's sha256 in hexadecimal."""
    digest = hashlib.sha256()
    total = path.stat().st_size
    done = 0
    with path.open("rb") as file:
        while chunk := file.read(READ_BYTES):
            digest.update(chunk)
            done += len(chunk)
            on_progress(Progress(path=name, phase="hash", done_bytes=done, total_bytes=total))
    return digest.hexdigest()


def upload_file(
    souk: Blocking,
    path: Path,
    *,
    filename: str,
    organisation_id: str | None,
    parallel: int,
    memory: UploadMemory | None,
    on_progress: OnProgress,
) -> Artifact:
    """See `Souk.upload_file`."""
    size_bytes = path.stat().st_size
    sha256 = hash_file(path, name=filename, on_progress=on_progress)
    upload = _resumed(souk, memory, sha256) or souk.send(
        works.create_upload(
            filename=Path(filename).name,
            size_bytes=size_bytes,
            sha256=sha256,
            organisation_id=organisation_id,
        )
    )
    if upload.artifact is None:
        if memory is not None:
            memory.note(sha256, upload.id)
        _send_parts(souk, upload, path, parallel=parallel, name=filename, on_progress=on_progress)
        artifact = souk.send(works.complete_upload(upload.id))
    else:
        artifact = upload.artifact
    if memory is not None:
        memory.forget(sha256)
    on_progress(
        Progress(path=filename, phase="upload", done_bytes=size_bytes, total_bytes=size_bytes)
    )
    if artifact.sha256 != sha256:
        raise IntegrityError(f"{path} arrived with another hash than it was sent with.")
    return artifact


def _resumed(souk: Blocking, memory: UploadMemory | None, sha256: str) -> Upload | None:
    """The unfinished upload of this content, when it is still open."""
    upload_id = memory.recall(sha256) if memory is not None else None
    if memory is None or upload_id is None:
        return None
    try:
        upload = souk.send(works.get_upload(upload_id))
    except SoukApiError as error:
        if error.status not in (403, 404, 410):
            raise
        upload = None
    if upload is None or upload.state in ("expired", "failed") or upload.sha256 != sha256:
        memory.forget(sha256)
        return None
    return upload


def _send_parts(
    souk: Blocking,
    upload: Upload,
    path: Path,
    *,
    parallel: int,
    name: str,
    on_progress: OnProgress,
) -> None:
    counted = _Counted(name, upload.size_bytes, on_progress)
    received = set(upload.parts_received)
    for number in received:
        counted.add(_length(upload, number))

    def send(number: int) -> None:
        offset = (number - 1) * upload.part_size_bytes
        with path.open("rb") as file:
            file.seek(offset)
            content = file.read(_length(upload, number))
        if len(content) != _length(upload, number):
            raise IntegrityError(f"{path} became shorter while it was sent.")
        souk.send(works.put_part(upload.id, number, content))
        counted.add(len(content))

    missing = (n for n in range(1, upload.part_count + 1) if n not in received)
    with ThreadPoolExecutor(max_workers=parallel) as pool:
        _run_all(pool, send, missing, window=parallel * 2)


def _run_all(
    pool: ThreadPoolExecutor, send: Callable[[int], None], numbers: Iterator[int], *, window: int
) -> None:
    """Runs `send` for every number, a bounded window ahead; stops at the first error."""
    running: set[Future[None]] = set()
    for number in numbers:
        running.add(pool.submit(send, number))
        if len(running) >= window:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            _raise_first(done, running)
    done, running = wait(running, return_when=FIRST_EXCEPTION)
    _raise_first(done, running)


def _raise_first(done: set[Future[None]], running: set[Future[None]]) -> None:
    for future in done:
        error = future.exception()
        if error is not None:
            for other in running:
                other.cancel()
            raise error


def _length(upload: Upload, number: int) -> int:
    begin = (number - 1) * upload.part_size_bytes
    return min(upload.part_size_bytes, upload.size_bytes - begin)


class _Counted:
    """Adds up bytes of several threads."""

    def __init__(self, name: str, total_bytes: int, on_progress: OnProgress) -> None:
        self._name = name
        self._total = total_bytes
        self._on_progress = on_progress
        self._done = 0
        self._lock = threading.Lock()

    def add(self, size_bytes: int) -> None:
        with self._lock:
            self._done += size_bytes
            done = self._done
        self._on_progress(
            Progress(path=self._name, phase="upload", done_bytes=done, total_bytes=self._total)
        )
