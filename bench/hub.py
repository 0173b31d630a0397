"""The hub protocol with its real client: many small files, one large file, many clients at once."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import click

from bench._harness import Line, Section, bench_marketplace, signed_up

MIB: Final = 2**20
FILES: Final = 2000
QUICK_FILES: Final = 200
SIZE_BYTES: Final = 5 * 1024 * MIB
QUICK_BYTES: Final = 96 * MIB
BLOCK_BYTES: Final = 8 * MIB
CLIENTS: Final = 20
GOAL: Final = 0.50
HOW: Final = f"""
The newest huggingface_hub, with nothing but an endpoint and a key, against a marketplace as
`souk up` starts it, on the same machine. **Small files**: `upload_folder` of {FILES:,} texts of
about 1 KB in 20 folders (its pipeline makes a commit of every 250 or so); each is hashed, durable
and recorded before a commit is answered. **Large file**: `upload_file` of 5 GiB of random bytes, by
Xet (its default) and by LFS (parts of 64 MiB), until the commit is answered, which includes up to
3 s of waiting for the safety scan; beside it one thread that writes the same bytes, hashes them
with SHA-256 and fdatasyncs every 8 MiB. The client hashes too, on the same cores. **Clients**:
{CLIENTS} at once, each makes a repository, commits ten small files and one of 1 MiB, and pulls it
all back: requests that failed for good, and how long the slowest took.
"""
_CLIENT: Final = """
import json, sys, time
said = json.load(sys.stdin)
from huggingface_hub import CommitOperationAdd, HfApi, snapshot_download
api = HfApi()
api.create_repo(said["repo"], exist_ok=True)
answer = {}
began = time.perf_counter()
if said["do"] == "folder":
    api.upload_folder(repo_id=said["repo"], folder_path=said["path"])
elif said["do"] == "file":
    api.upload_file(repo_id=said["repo"], path_or_fileobj=said["path"], path_in_repo="large.bin")
else:
    content = said["repo"].encode() * (2**20 // len(said["repo"]))
    adds = [CommitOperationAdd(f"{n}.txt", f"{said['repo']} {n}".encode()) for n in range(10)]
    adds.append(CommitOperationAdd("w.bin", content))
    api.create_commit(said["repo"], adds, commit_message="All")
    there = snapshot_download(said["repo"])
    assert open(there + "/w.bin", "rb").read() == content
print(json.dumps({"seconds": time.perf_counter() - began}))
"""


def run(*, quick: bool) -> Section:
    """Measures all three."""
    with tempfile.TemporaryDirectory(prefix="souk-bench-") as name:
        folder = Path(name)
        with bench_marketplace() as (market, _), signed_up(market, "sender") as souk:
            key = souk.api_keys.create(name="bench").key
            hub = _Hub(market.base_url, key, souk.account.get().user.organisation.slug, folder)
            lines = [
                _small_files(hub, QUICK_FILES if quick else FILES),
                *_large_file(hub, QUICK_BYTES if quick else SIZE_BYTES),
                _clients(hub),
            ]
    return Section(title="Hub", how=HOW, lines=lines)


class _Hub:
    """Where clients are started against one marketplace."""

    def __init__(self, base_url: str, key: str, owner: str, folder: Path) -> None:
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
            "HF_ENDPOINT": base_url,
            "HF_TOKEN": key,
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        }
        self._owner = owner
        self.folder = folder

    def start(self, repo: str, *, do: str, xet: bool, path: Path | None = None) -> Any:
        """A client that does something to a repository."""
        environment = {
            **self._environment,
            "HF_HOME": str(self.folder / f"home-{repo}"),
            "HF_HUB_DISABLE_XET": "0" if xet else "1",
        }
        client = subprocess.Popen(
            [sys.executable, "-c", _CLIENT],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert client.stdin is not None
        said = {"repo": f"{self._owner}/{repo}", "do": do, "path": str(path)}
        client.stdin.write(json.dumps(said).encode())
        client.stdin.close()
        client.stdin = None
        return client

    def run(self, repo: str, *, do: str, xet: bool, path: Path) -> float:
        """Seconds that a client took."""
        client = self.start(repo, do=do, xet=xet, path=path)
        out, complaint = client.communicate()
        if client.returncode:
            raise RuntimeError(complaint.decode()[-2000:])
        return float(json.loads(out.splitlines()[-1])["seconds"])


def _small_files(hub: _Hub, count: int) -> Line:
    folder = hub.folder / "small"
    for number in range(count):
        path = folder / f"part-{number % 20:02}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{number}\n" + os.urandom(500).hex())
    seconds = hub.run("small", do="folder", xet=True, path=folder)
    click.echo(f"{count} files in {seconds:.2f} s", err=True)
    return Line(
        what=f"upload_folder of {count:,} small files",
        measured=f"{count / seconds:,.0f} files/s",
        bounded_by="the client, and an fsync for every file",
    )


def _large_file(hub: _Hub, size: int) -> list[Line]:
    path = hub.folder / "large.bin"
    lines = []
    for xet in (True, False):
        with path.open("wb") as file:
            for _ in range(0, size, BLOCK_BYTES):
                file.write(os.urandom(BLOCK_BYTES))
        alone_s = _write_alone(path, hub.folder / "alone")
        seconds = hub.run(f"large-{xet}", do="file", xet=xet, path=path)
        alone, upload = size / MIB / alone_s, size / MIB / seconds
        click.echo(f"alone {alone_s:.2f} s, xet {xet}: {seconds:.2f} s", err=True)
        lines.append(
            Line(
                what=f"upload_file of {size // MIB:,} MiB by {'Xet' if xet else 'LFS'}",
                measured=f"{upload:,.0f} MiB/s ({upload / alone:.0%} of alone)",
                promised=f"≥ {GOAL:.0%} of writing and hashing alone",
                reached=upload >= GOAL * alone,
                beside=f"writing and hashing alone: {alone:,.0f} MiB/s",
                bounded_by="the cores: the client hashes the same bytes on them",
            )
        )
    path.unlink()
    return lines


def _write_alone(source: Path, target: Path) -> float:
    """Seconds to write and hash a file's bytes durably, with nothing else around it."""
    digest = hashlib.sha256()
    began = time.perf_counter()
    with source.open("rb") as given, target.open("wb") as file:
        while block := given.read(BLOCK_BYTES):
            file.write(block)
            file.flush()
            digest.update(block)
            os.fdatasync(file.fileno())
    seconds = time.perf_counter() - began
    target.unlink()
    return seconds


def _clients(hub: _Hub) -> Line:
    began = time.perf_counter()
    running = [
        hub.start(f"crowd-{number}", do="all", xet=number % 2 == 0) for number in range(CLIENTS)
    ]
    ended = [client.communicate() for client in running]
    failed = [
        complaint.decode()[-500:]
        for client, (_, complaint) in zip(running, ended, strict=True)
        if client.returncode
    ]
    for complaint in failed:
        click.echo(complaint, err=True)
    slowest = max(
        json.loads(out.splitlines()[-1])["seconds"]
        for client, (out, _) in zip(running, ended, strict=True)
        if not client.returncode
    )
    return Line(
        what=f"{CLIENTS} clients at once",
        measured=f"{len(failed)} failed; the slowest took {slowest:.1f} s",
        promised="0 failed",
        reached=not failed,
        beside=f"all of them, with starting Python: {time.perf_counter() - began:.1f} s",
    )
