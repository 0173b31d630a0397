"""The hub protocol with its real client: many small files, one large file, many clients at once."""

import hashlib
import json
import os
import random
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
QUICK_CLIENTS: Final = 4
KILLED: Final = 9
GOAL: Final = 0.50
HOW: Final = f"""
The newest huggingface_hub, with nothing but an endpoint and a key, against a marketplace as
`souk up` starts it, its edge nodes off, on the same machine. `upload_folder` is what
`upload_large_folder` was: this client has only the one. **Small files**: {FILES:,} texts of about
1 KB in 20 folders (its pipeline makes a commit of every 250 or so); each is hashed, durable and
recorded before a commit is answered. **Large file**: a folder with one file of 5 GiB of random
bytes, by Xet (its default) and by LFS (parts of 64 MiB), until the commit is answered, which
includes up to 3 s of waiting for the safety scan; beside it one thread that writes the same bytes,
hashes them with SHA-256 and fdatasyncs every 8 MiB. The client cuts and hashes too, on the same
cores. **Clients**: {CLIENTS} at once, half by Xet and half by LFS. Each makes a repository and
commits ten small files and one of 8 MiB; a moment after it has begun its process is killed, and a
second one does the same to the end and pulls it all back. Failed are clients that did not get
there, and answers of 429 or of 500 and above that any of them got, tried again or not.
"""
_CLIENT: Final = """
import json, os, random, sys, threading, time
said = json.load(sys.stdin)
from huggingface_hub import CommitOperationAdd, HfApi, set_client_factory, snapshot_download
from huggingface_hub.utils import _http
refused = []
def counting():
    client = _http.default_client_factory()
    def look(answer):
        if answer.status_code == 429 or answer.status_code >= 500:
            refused.append(f"{answer.status_code} {answer.request.url.path}")
    client.event_hooks["response"].append(look)
    return client
set_client_factory(counting)
api = HfApi()
api.create_repo(said["repo"], exist_ok=True)
began = time.perf_counter()
if said["do"] == "folder":
    api.upload_folder(repo_id=said["repo"], folder_path=said["path"])
else:
    if said["dies_after_s"]:
        threading.Timer(said["dies_after_s"], os._exit, [9]).start()
    content = random.Random(said["repo"]).randbytes(8 * 2**20)
    adds = [CommitOperationAdd(f"{n}.txt", f"{said['repo']} {n}".encode()) for n in range(10)]
    adds.append(CommitOperationAdd("w.bin", content))
    api.create_commit(said["repo"], adds, commit_message="All")
    there = snapshot_download(said["repo"])
    assert open(there + "/w.bin", "rb").read() == content
print(json.dumps({"seconds": time.perf_counter() - began, "refused": refused}), flush=True)
os._exit(0)
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
                _clients(hub, QUICK_CLIENTS if quick else CLIENTS),
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

    def start(
        self,
        repo: str,
        *,
        do: str,
        xet: bool,
        path: Path | None = None,
        dies_after_s: float = 0.0,
    ) -> Any:
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
        said = {
            "repo": f"{self._owner}/{repo}",
            "do": do,
            "path": str(path),
            "dies_after_s": dies_after_s,
        }
        client.stdin.write(json.dumps(said).encode())
        client.stdin.close()
        client.stdin = None
        return client

    def run(self, repo: str, *, xet: bool, path: Path) -> float:
        """Seconds that a client took to send a folder."""
        client = self.start(repo, do="folder", xet=xet, path=path)
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
    seconds = hub.run("small", xet=True, path=folder)
    click.echo(f"{count} files in {seconds:.2f} s", err=True)
    return Line(
        what=f"upload_folder of {count:,} small files",
        measured=f"{count / seconds:,.0f} files/s",
        bounded_by="the client, and an fsync for every file",
    )


def _large_file(hub: _Hub, size: int) -> list[Line]:
    folder = hub.folder / "large"
    folder.mkdir()
    path = folder / "large.bin"
    lines = []
    for xet in (True, False):
        _write_random(path, size)
        alone_s = _write_alone(path, hub.folder / "alone")
        seconds = hub.run(f"large-{xet}", xet=xet, path=folder)
        alone, upload = size / MIB / alone_s, size / MIB / seconds
        click.echo(f"alone {alone_s:.2f} s, xet {xet}: {seconds:.2f} s", err=True)
        lines.append(
            Line(
                what=f"upload_folder of a file of {size // MIB:,} MiB by {'Xet' if xet else 'LFS'}",
                measured=f"{upload:,.0f} MiB/s ({upload / alone:.0%} of alone)",
                promised=f"≥ {GOAL:.0%} of writing and hashing alone",
                reached=upload >= GOAL * alone,
                beside=f"writing and hashing alone: {alone:,.0f} MiB/s",
                bounded_by="the disk, and the cores: the client hashes the same bytes on them",
            )
        )
    path.unlink()
    return lines


def _write_random(path: Path, size: int) -> None:
    """All of it on the disk, so that nothing of it is left to be written while others are timed."""
    with path.open("wb") as file:
        for _ in range(0, size, BLOCK_BYTES):
            file.write(os.urandom(BLOCK_BYTES))
        file.flush()
        os.fsync(file.fileno())


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


def _clients(hub: _Hub, count: int) -> Line:
    began = time.perf_counter()
    first = [
        hub.start(f"crowd-{number}", do="all", xet=number % 2 == 0, dies_after_s=_moment(number))
        for number in range(count)
    ]
    for client in first:
        client.communicate()
    killed = sum(client.returncode == KILLED for client in first)
    second = [
        hub.start(f"crowd-{number}", do="all", xet=number % 2 == 0) for number in range(count)
    ]
    ended = [client.communicate() for client in second]
    complaints = [
        complaint.decode()[-500:]
        for client, (_, complaint) in zip(second, ended, strict=True)
        if client.returncode
    ]
    answers = [
        json.loads(out.splitlines()[-1])
        for client, (out, _) in zip(second, ended, strict=True)
        if not client.returncode
    ]
    refused = [line for answer in answers for line in answer["refused"]]
    for complaint in [*complaints, *refused]:
        click.echo(complaint, err=True)
    slowest = max((answer["seconds"] for answer in answers), default=0.0)
    how = f"{len(complaints)} failed, {len(refused)} requests refused; slowest {slowest:.1f} s"
    return Line(
        what=f"{count} clients at once, each killed and resumed",
        measured=how,
        promised="0 failed requests",
        reached=not complaints and not refused,
        beside=f"{killed} died half way; all, with starting Python twice: "
        f"{time.perf_counter() - began:.1f} s",
    )


def _moment(number: int) -> float:
    """Seconds after which a client is killed: sooner or later in its commit."""
    return 0.2 + random.Random(number).random() * 1.5
