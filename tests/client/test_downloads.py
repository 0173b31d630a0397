"""Downloads over a real connection that breaks, lies and runs out."""

import hashlib
import re
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk_client.contracts.delivery import LicensedFile, LicensedFiles
from souk_client.sdk import IntegrityError, RetryPolicy, Souk, SoukApiError, SoukConnectionError
from souk_client.sdk.paths import safe_path
from souk_client.sdk.progress import Progress

CONTENT = bytes(range(256)) * 4000
QUICK = RetryPolicy(attempts=3, first_delay_s=0.0)


class FileServer:
    """Serves one licence's files, with faults on order."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {"weights/model.bin": CONTENT, "README.md": b"# Card\n"}
        self.promised: dict[str, str] = {}
        self.ranges: list[str | None] = []
        self.cut_after: list[int] = []
        """For each of the next answers: break the connection after so many bytes."""
        self.ticket = 1
        self.listings = 0
        self.ignores_ranges = False
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        if request.path.startswith("/api/v1/licences/"):
            self.listings += 1
            self._send(request, 200, msgspec.json.encode(self._listing()), {})
            return
        found = re.fullmatch(r"/files/(\d+)/(.+)", request.path)
        assert found is not None
        if int(found.group(1)) != self.ticket:
            self._send(request, 403, b'{"detail": "expired"}', {})
            return
        content = self.files[found.group(2)]
        asked = request.headers.get("Range")
        self.ranges.append(asked)
        if asked and not self.ignores_ranges:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
            self._send(request, 206, content[start:], headers)
        else:
            self._send(request, 200, content, {})

    def _send(
        self, request: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]
    ) -> None:
        request.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            request.send_header(name, value)
        request.end_headers()
        if status in (200, 206) and self.cut_after and request.path.startswith("/files/"):
            request.wfile.write(body[: self.cut_after.pop(0)])
            request.wfile.flush()
            request.connection.shutdown(socket.SHUT_RDWR)
            request.close_connection = True
            return
        request.wfile.write(body)

    def _listing(self) -> LicensedFiles:
        items = [
            LicensedFile(
                path=path,
                sha256=self.promised.get(path) or hashlib.sha256(content).hexdigest(),
                size_bytes=len(content),
                cid="bafk",
                media_type="application/octet-stream",
                url=f"/files/{self.ticket}/{path}",
                expires_at=datetime.now(UTC) + timedelta(minutes=5),
            )
            for path, content in self.files.items()
        ]
        return LicensedFiles(
            licence_id="lic_1", listing_address="ada/iris", version="1.0.0", items=items
        )


@pytest.fixture
def server() -> Iterator[FileServer]:
    running = FileServer()
    yield running
    running.stop()


def fetch(server: FileServer, folder: Path, **options: object) -> dict[str, int]:
    with Souk(server.url, retry=QUICK) as souk:
        done = souk.download("lic_1", folder, **options)
    return {file.path: file.received_bytes for file in done.files}


def everything_under(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_files_arrive_whole_and_nothing_else_stays(server: FileServer, tmp_path: Path) -> None:
    assert fetch(server, tmp_path / "new" / "folder") == {
        "weights/model.bin": len(CONTENT),
        "README.md": 7,
    }
    assert everything_under(tmp_path / "new" / "folder") == server.files


def test_a_second_run_fetches_nothing(server: FileServer, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    asked = len(server.ranges)
    assert fetch(server, tmp_path) == {"weights/model.bin": 0, "README.md": 0}
    assert len(server.ranges) == asked


def test_a_changed_file_is_fetched_again(server: FileServer, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    (tmp_path / "README.md").write_bytes(b"# Mine\n")
    fetch(server, tmp_path)
    assert everything_under(tmp_path) == server.files


def test_a_broken_connection_goes_on_where_it_stopped(server: FileServer, tmp_path: Path) -> None:
    server.cut_after = [300_000, 400_000]
    received = fetch(server, tmp_path, only=["weights/model.bin"])
    assert received == {"weights/model.bin": len(CONTENT)}
    assert server.ranges[0] is None
    starts = [int(asked.removeprefix("bytes=")[:-1]) for asked in server.ranges[1:] if asked]
    assert len(starts) == 2
    assert 0 < starts[0] < starts[1] <= 700_000
    assert (tmp_path / "weights/model.bin").read_bytes() == CONTENT


def test_an_interrupted_run_is_taken_up_by_the_next(server: FileServer, tmp_path: Path) -> None:
    server.cut_after = [500_000] + [0] * 5
    with pytest.raises(SoukConnectionError):
        fetch(server, tmp_path, only=["weights/model.bin"])
    assert not (tmp_path / "weights/model.bin").exists()
    server.cut_after = []
    received = fetch(server, tmp_path, only=["weights/model.bin"])
    assert 0 < received["weights/model.bin"] < len(CONTENT)
    assert (tmp_path / "weights/model.bin").read_bytes() == CONTENT


def test_a_spoiled_part_file_is_thrown_away(server: FileServer, tmp_path: Path) -> None:
    part = part_file(tmp_path, server)
    part.parent.mkdir(parents=True)
    part.write_bytes(b"\xff" * 1000)
    fetch(server, tmp_path)
    assert everything_under(tmp_path) == server.files


@pytest.mark.parametrize("length", [len(CONTENT), len(CONTENT) + 5])
def test_a_part_file_that_is_already_long_enough(
    server: FileServer, tmp_path: Path, length: int
) -> None:
    part = part_file(tmp_path, server)
    part.parent.mkdir(parents=True)
    part.write_bytes((CONTENT + b"extra")[:length])
    fetch(server, tmp_path)
    assert everything_under(tmp_path) == server.files


def test_a_server_without_ranges_is_started_over(server: FileServer, tmp_path: Path) -> None:
    server.ignores_ranges = True
    server.cut_after = [300_000]
    fetch(server, tmp_path, only=["weights/model.bin"])
    assert (tmp_path / "weights/model.bin").read_bytes() == CONTENT


def test_other_content_than_promised_never_gets_the_name(
    server: FileServer, tmp_path: Path
) -> None:
    server.promised["README.md"] = "0" * 64
    with pytest.raises(IntegrityError, match=r"README\.md"):
        fetch(server, tmp_path, only=["README.md"])
    assert everything_under(tmp_path) == {}


def test_an_address_that_ran_out_is_asked_for_again(server: FileServer, tmp_path: Path) -> None:
    moved: list[int] = []

    def expire(progress: Progress) -> None:
        if not moved and progress.path == "weights/model.bin":
            moved.append(server.ticket)
            server.ticket += 1

    server.cut_after = [300_000]
    fetch(server, tmp_path, only=["weights/model.bin"], on_progress=expire)
    assert (tmp_path / "weights/model.bin").read_bytes() == CONTENT
    assert server.listings == 2


def test_a_refused_address_ends_with_the_reason(server: FileServer, tmp_path: Path) -> None:
    listed = server._listing()
    server.ticket = 99
    server._listing = lambda: listed  # type: ignore[method-assign]  # every address is stale
    with pytest.raises(SoukApiError, match="expired"):
        fetch(server, tmp_path)


def test_progress_tells_how_far_each_file_is(server: FileServer, tmp_path: Path) -> None:
    told: list[Progress] = []
    fetch(server, tmp_path, on_progress=told.append)
    for path, content in server.files.items():
        steps = [step.done_bytes for step in told if step.path == path]
        assert steps == sorted(steps)
        assert steps[-1] == len(content)


def test_an_unknown_file_is_refused_before_anything_is_fetched(
    server: FileServer, tmp_path: Path
) -> None:
    with pytest.raises(IntegrityError, match=r"no file other\.bin"):
        fetch(server, tmp_path, only=["other.bin"])
    assert server.ranges == []


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/../../x",
        "/etc/passwd",
        "a//b",
        "./a",
        "a/.",
        "a\\..\\b",
        "C:x",
        "nul",
        "a/CON.txt",
        "trailing.",
        "trailing ",
        "line\nbreak",
        "nul\x00",
        "",
        ".",
        "..",
    ],
)
def test_names_that_lead_out_are_refused(server: FileServer, tmp_path: Path, name: str) -> None:
    server.files = {name: b"evil"}
    with pytest.raises(IntegrityError, match="name"):
        fetch(server, tmp_path / "work")
    assert everything_under(tmp_path) == {}


def test_links_that_lead_out_are_refused(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    work = tmp_path / "work"
    work.mkdir()
    (work / "weights").symlink_to(tmp_path / "outside")
    (work / "README.md").symlink_to(tmp_path / "outside" / "README.md")
    for only in (["weights/model.bin"], ["README.md"]):
        with pytest.raises(IntegrityError, match="leads out"):
            fetch(server, work, only=only)
    assert everything_under(tmp_path / "outside") == {}


@given(name=st.text(max_size=40))
def test_a_safe_path_is_inside(name: str) -> None:
    folder = Path("/nonexistent/work")
    try:
        place = safe_path(folder, name)
    except IntegrityError:
        return
    assert place.is_relative_to(folder)
    assert place != folder
    assert ".." not in place.parts


def part_file(folder: Path, server: FileServer) -> Path:
    digest = hashlib.sha256(server.files["weights/model.bin"]).hexdigest()
    return folder / "weights" / f".model.bin.{digest[:16]}.part"
