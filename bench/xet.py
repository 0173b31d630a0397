"""Xet: what cutting and hashing cost, and what a second version of a large file costs."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
import httpx
import numpy as np

from bench._harness import Line, Section, bench_marketplace, signed_up
from souk.delivery.xet.hashes import file_hash, to_text
from souk.delivery.xet.viewing import BLOCK_BYTES, Cutter
from souk_client.contracts.works import ListingRequest

MIB: Final = 2**20
SIZE_BYTES: Final = 1024 * MIB
QUICK_BYTES: Final = 64 * MIB
CHANGED: Final = 0.01
STRETCHES: Final = 4
"""In so many places the changed bytes lie together: as when some layers of a model are trained."""
GOAL: Final = 0.03
HOW: Final = f"""
**Cutting and hashing**: 256 MiB of random bytes from memory, in one thread: chunk boundaries,
chunk hashes and the file's hash, in seconds of processor time (this machine's cores are shared);
beside it `hf_xet.hash_files` on the same bytes in a file, counted the same way. **Versions**: a
file of 1 GiB of random bytes is sent by the real `hf_xet` (default settings) to a marketplace as
`souk up` starts it, its edge nodes off, on the same machine; then a second version of it,
{CHANGED:.0%} of its bytes changed in {STRETCHES} places and 11 bytes inserted near its beginning,
from a client that has never seen the first, so that what it saves it learns from the marketplace.
Sent is what the client reports (xorbs and shards); stored is how much the folder of xorbs grew.
Every byte of both versions is hashed by the marketplace before they count; the second is fetched
again and compared.
"""
_CLIENT: Final = """
import hf_xet, json, sys, time
said = json.load(sys.stdin)
began = time.perf_counter()
given = (said["cas"], said["token"], said["expires"])
session = hf_xet.XetSession()
if "wanted" in said:
    path, hash, size = said["wanted"]
    item = hf_xet.PyXetDownloadInfo(path, hash, size)
    hf_xet.download_files([item], given[0], given[1:], None, None)
    answer = {}
else:
    commit = session.new_upload_commit(*given)
    handle = commit.start_upload_file(said["path"])
    report = commit.wait_to_finish()
    answer = {
        "hash": handle.result().xet_info.hash,
        "sent": report.dedup_metrics.total_bytes_uploaded,
    }
print(json.dumps({**answer, "seconds": time.perf_counter() - began}))
"""


def run(*, quick: bool) -> Section:
    """Measures both."""
    size = QUICK_BYTES if quick else SIZE_BYTES
    with tempfile.TemporaryDirectory(prefix="souk-bench-") as folder:
        lines = [_cutting(Path(folder), 64 * MIB if quick else 256 * MIB)]
        lines += _versions(Path(folder), size)
    return Section(title="Xet", how=HOW, lines=lines)


def _cutting(folder: Path, size: int) -> Line:
    content = os.urandom(size)
    path = folder / "content"
    path.write_bytes(content)
    ours, theirs = "", ""

    def cut() -> None:
        nonlocal ours
        cutter = Cutter()
        for at in range(0, size, BLOCK_BYTES):
            cutter.take(content[at : at + BLOCK_BYTES])
        cutter.take(b"", last=True)
        ours = to_text(file_hash(cutter.leaves))

    def ask() -> None:
        nonlocal theirs
        import hf_xet  # noqa: PLC0415  # a package of the tests

        theirs = hf_xet.hash_files([str(path)])[0].hash

    ask()  # its runtime starts
    our_s, their_s = _processor_s(cut), _processor_s(ask)
    assert ours == theirs
    path.unlink()
    return Line(
        what="cutting and hashing, by processor time",
        measured=f"{size / MIB / our_s:,.0f} MiB/s",
        beside=f"hf_xet (Rust): {size / MIB / their_s:,.0f} MiB/s",
    )


def _processor_s(call: Callable[[], None]) -> float:
    """The best of three, over all threads of this process."""
    taken = []
    for _ in range(3):
        began = time.process_time()
        call()
        taken.append(time.process_time() - began)
    return min(taken)


def _versions(folder: Path, size: int) -> list[Line]:
    first, second = folder / "first", folder / "second"
    _write_versions(first, second, size)
    with bench_marketplace() as (market, _), signed_up(market, "sender") as souk:
        listing = souk.listings.create(
            ListingRequest(kind="model", slug="bench", title="Bench", licence="MIT", price_minor=0)
        )
        key = souk.api_keys.create(name="bench").key
        address = f"{market.base_url}/api/models/{listing.address}/xet-write-token/main"
        answer = httpx.get(address, headers={"authorization": f"Bearer {key}"}).json()
        token = {
            "cas": answer["casUrl"],
            "token": answer["accessToken"],
            "expires": answer["exp"],
        }
        xorbs = market.data_dir / "blobs" / "xorbs"
        one = _client(folder / "home-1", token | {"path": str(first)})
        before = _bytes_under(xorbs)
        two = _client(folder / "home-2", token | {"path": str(second)})
        grown = _bytes_under(xorbs) - before
        back = folder / "back"
        wanted = [str(back), two["hash"], second.stat().st_size]
        three = _client(folder / "home-3", token | {"wanted": wanted})
        same = subprocess.run(["cmp", str(back), str(second)], check=False).returncode == 0
    assert same, "what came back is not what was sent"
    click.echo(f"first {one}, second {two}, fetched {three}", err=True)
    mib = size / MIB
    return [
        Line(
            what=f"a second version of {mib:,.0f} MiB with {CHANGED:.0%} changed: sent",
            measured=f"{two['sent'] / size:.2%}",
            promised=f"< {GOAL:.0%}",
            reached=two["sent"] < GOAL * size,
            beside=f"the first version: {one['sent'] / size:.1%}",
        ),
        Line(
            what="the same: stored",
            measured=f"{grown / size:.2%}",
            promised=f"< {GOAL:.0%}",
            reached=grown < GOAL * size,
            beside=f"the first version: {before / size:.1%}",
        ),
        Line(
            what="sending the first version until it counts, the client included",
            measured=f"{mib / one['seconds']:,.0f} MiB/s",
            beside=f"the second version: {two['seconds']:.1f} s",
        ),
        Line(
            what="fetching the second version, the client included",
            measured=f"{mib / three['seconds']:,.0f} MiB/s",
        ),
    ]


def _write_versions(first: Path, second: Path, size: int) -> None:
    rng = np.random.default_rng(1)
    content = bytearray(rng.bytes(size))
    first.write_bytes(content)
    length = int(size * CHANGED / STRETCHES)
    places = random.Random(1)
    for number in range(STRETCHES):
        at = size * number // STRETCHES + places.randrange(size // STRETCHES - length)
        content[at : at + length] = rng.bytes(length)
    content[MIB:MIB] = b"eleven more"
    second.write_bytes(content)


def _client(home: Path, said: dict[str, Any]) -> dict[str, Any]:
    """One run of the real client, which remembers nothing."""
    ended = subprocess.run(
        [sys.executable, "-c", _CLIENT],
        input=json.dumps(said),
        env={**os.environ, "HF_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise RuntimeError(ended.stderr)
    return dict(json.loads(ended.stdout))


def _bytes_under(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
