"""Moving large files: an upload beside writing and hashing the same bytes alone."""

import hashlib
import http.client
import json
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

import click

from bench._harness import Line, Section, Target, bearer, bench_marketplace, signed_up

MIB: Final = 2**20
SIZE_BYTES: Final = 1024 * MIB
QUICK_BYTES: Final = 64 * MIB
PART_BYTES: Final = 8 * MIB
CONNECTIONS: Final = 4
ROUNDS: Final = 3
UPLOAD_GOAL: Final = 0.60
HOW: Final = f"""
A file of 1 GiB of random bytes over HTTP on the loopback, to a marketplace as `souk up` starts it,
its edge nodes off, with the sender on the same machine. **Upload**: parts of 8 MiB on {CONNECTIONS}
connections, from `POST uploads` until `POST uploads/…/complete` has answered. Durable when: each
part is written into a preallocated file and fdatasync'ed before its PUT is answered, and noted in a
transaction that is committed with fsync; on completion the file and both folders are fsync'ed and
renamed into the blob store before the artifact is committed. Beside it one thread that writes the
same bytes into a preallocated file, hashes them with SHA-256, fdatasyncs every 8 MiB, and renames
the file durably. The best of {ROUNDS} rounds each, taken in turn.
"""


def run(*, quick: bool) -> Section:
    """Measures both in turn on the same disk."""
    content = os.urandom(QUICK_BYTES if quick else SIZE_BYTES)
    rounds = 1 if quick else ROUNDS
    alone_s: list[float] = []
    upload_s: list[float] = []
    with bench_marketplace() as (market, target), signed_up(market, "sender") as souk:
        headers = bearer(souk)
        for number in range(rounds):
            content = number.to_bytes(8) + content[8:]
            alone_s.append(_write_alone(content, market.data_dir))
            upload_s.append(Upload(target, headers, content).run())
            click.echo(f"alone {alone_s[-1]:.2f} s, upload {upload_s[-1]:.2f} s", err=True)
    return Section(title="Transfer", how=HOW, lines=[_upload_line(content, alone_s, upload_s)])


def _upload_line(content: bytes, alone_s: list[float], upload_s: list[float]) -> Line:
    alone, upload = _rate(content, min(alone_s)), _rate(content, min(upload_s))
    return Line(
        what=f"upload of {len(content) // MIB} MiB",
        measured=f"{upload:,.0f} MiB/s ({upload / alone:.0%} of alone)",
        promised=f"≥ {UPLOAD_GOAL:.0%} of writing and hashing alone",
        reached=upload >= UPLOAD_GOAL * alone,
        beside=f"writing and hashing alone: {alone:,.0f} MiB/s",
        bounded_by="the cores: the sender, the HTTP server and two SHA-256 passes share them",
    )


def _rate(content: bytes, seconds: float) -> float:
    """MiB a second."""
    return len(content) / MIB / seconds


def _write_alone(content: bytes, folder: Path) -> float:
    """Seconds to write and hash the bytes durably, with nothing else around it."""
    view = memoryview(content)
    with tempfile.TemporaryDirectory(dir=folder) as own:
        path = Path(own) / "staged"
        started = time.perf_counter()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, len(content))
            digest = hashlib.sha256()
            for at in range(0, len(view), PART_BYTES):
                part = view[at : at + PART_BYTES]
                os.pwrite(descriptor, part, at)
                digest.update(part)
                os.fdatasync(descriptor)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        path.rename(Path(own) / digest.hexdigest())
        folder_descriptor = os.open(own, os.O_RDONLY)
        os.fsync(folder_descriptor)
        os.close(folder_descriptor)
        return time.perf_counter() - started


class Upload:
    """One upload, its parts spread over several connections."""

    def __init__(self, target: Target, headers: dict[str, str], content: bytes) -> None:
        self._target = target
        self._headers = headers
        self._content = memoryview(content)
        self._failures: list[str] = []

    def run(self) -> float:
        """Seconds from the announcement until the artifact is there; the hash is made before."""
        body = {
            "filename": "large.bin",
            "size_bytes": len(self._content),
            "sha256": hashlib.sha256(self._content).hexdigest(),
        }
        started = time.perf_counter()
        connection = self._connect()
        upload = self._call(connection, "POST", "/api/v1/uploads", json.dumps(body).encode())
        waiting = iter(range(1, upload["part_count"] + 1))
        lock = threading.Lock()
        senders = [
            threading.Thread(target=self._send, args=(upload, waiting, lock))
            for _ in range(CONNECTIONS)
        ]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        if self._failures:
            raise RuntimeError(self._failures[0])
        artifact = self._call(connection, "POST", f"/api/v1/uploads/{upload['id']}/complete", b"")
        assert artifact["size_bytes"] == len(self._content)
        connection.close()
        return time.perf_counter() - started

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._target.host, self._target.port, timeout=120)

    def _send(self, upload: dict[str, Any], waiting: Any, lock: threading.Lock) -> None:
        connection = self._connect()
        size = upload["part_size_bytes"]
        try:
            while True:
                with lock:
                    number = next(waiting, None)
                if number is None or self._failures:
                    return
                part = self._content[(number - 1) * size : number * size]
                path = f"/api/v1/uploads/{upload['id']}/parts/{number}"
                self._call(connection, "PUT", path, part)
        except Exception as error:  # told by `run`, in the main thread
            self._failures.append(repr(error))
        finally:
            connection.close()

    def _call(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: Any
    ) -> dict[str, Any]:
        length = {"Content-Length": str(len(body))}
        connection.request(method, path, body=body, headers=self._headers | length)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return dict(json.loads(content))
