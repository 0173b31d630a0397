"""A downloader on a host of its own: reads its work from standard input, says what came of it.

Run by bench/cdn_network.py as a process inside a network namespace.
"""

import http.client
import itertools
import json
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from souk_client.sdk import Souk
from souk_client.sdk.progress import Progress


def main() -> None:
    """One of the three kinds of work."""
    work = json.loads(sys.stdin.readline())
    kind = {"first_byte": first_byte, "fail_over": fail_over, "soak": soak}[work["kind"]]
    souk = Souk(work["home"], api_key=work["key"])
    souk.http.headers["x-forwarded-for"] = work["from"]
    print(json.dumps(kind(souk, work)), flush=True)


def first_byte(souk: Souk, work: dict[str, Any]) -> dict[str, Any]:
    """Seconds to the first byte at the node that home names, each on a connection of its own."""
    file = souk.licences.files(work["licence"]).items[0]
    sent = souk.http.get(file.url, follow_redirects=False)
    if sent.status_code != 307:
        return {"node": None, "times": [], "home": [], "status": sent.status_code}
    address = sent.headers["location"]
    _timed(address)  # fills the cache
    return {
        "node": address.partition("/d/")[0],
        "times": [_timed(address) for _ in range(work["count"])],
        "home": [_timed(f"{file.url}?from=home") for _ in range(5)],
    }


def _timed(address: str) -> float:
    parts = urlsplit(address)
    assert parts.hostname is not None
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    started = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read(1)
    took = time.perf_counter() - started
    answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"the answer was {answer.status}")
    return took


def fail_over(souk: Souk, work: dict[str, Any]) -> dict[str, Any]:
    """Downloads one large file; the longest time without a byte, and whether it is right.

    Says at which node it begins, so that this can be killed once bytes flow.
    """
    file = souk.licences.files(work["licence"]).items[0]
    node = souk.http.get(file.url, follow_redirects=False).headers.get("location", "")
    times: list[float] = []

    def note(progress: Progress) -> None:
        times.append(time.monotonic())
        if len(times) == 1:
            print(json.dumps({"node": node.partition("/d/")[0]}), flush=True)

    folder = Path(tempfile.mkdtemp(prefix="souk-bench-"))
    try:
        done = souk.download(work["licence"], folder, on_progress=note)
    except Exception as error:  # it is what is measured
        return {"right": False, "problem": repr(error)[:300], "stall_s": None}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    stalls = [after - before for before, after in itertools.pairwise(times)]
    right = [one.sha256 for one in done.files] == [work["sha256"]]
    return {"right": right, "problem": "", "stall_s": max(stalls, default=0.0)}


def soak(souk: Souk, work: dict[str, Any]) -> dict[str, Any]:
    """Downloads again and again until the time is over; each file's hash is checked."""
    until = time.monotonic() + work["seconds"]
    files = received = 0
    problems: list[str] = []
    turn = 0
    while time.monotonic() < until:
        licence = work["licences"][turn % len(work["licences"])]
        turn += 1
        folder = Path(tempfile.mkdtemp(prefix="souk-bench-"))
        try:
            done = souk.download(licence, folder)
            files += len(done.files)
            received += sum(file.size_bytes for file in done.files)
            for file in done.files:
                wanted = work["sizes"][licence]
                if file.size_bytes != wanted:
                    problems.append(f"{file.size_bytes} of {wanted} bytes")
        except Exception as error:
            problems.append(repr(error)[:300])
        finally:
            with suppress(OSError):
                shutil.rmtree(folder)
    return {"files": files, "bytes": received, "problems": problems}


if __name__ == "__main__":
    main()
