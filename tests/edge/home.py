"""A small home for nodes under test: it lets them join, has some files, hears their figures."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import msgspec

from souk.edge.protocol import (
    COMMANDS_KIND,
    ROOT,
    SIGNATURE_HEADER,
    Command,
    Heartbeat,
    HeartbeatAnswer,
    JoinAnswer,
    SignedCommands,
    UsageLine,
)
from souk.edge.ranges import wanted_parts
from souk_client.proofs.canonical import encode_base64url
from tests.edge.making import KEY, digests_of, signed, ticket_for


class SmallHome:
    """What a node asks of the marketplace, and nothing else."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.lines: list[UsageLine] = []
        self.asked: list[tuple[str, str]] = []
        """Which file was asked for, and which range of it."""
        self.wrong = False
        """Whether it gives other bytes than it has signed."""
        self.newest = 0
        self._batch = 0
        self.url = ""

    def address(self, content: bytes, *, lives_s: int = 300, **changes: object) -> str:
        """The path at a node of a file with this content."""
        sha256 = hashlib.sha256(content).hexdigest()
        self.files[sha256] = content
        now = int(time.time())
        ticket = ticket_for(content, issued_at=now, expires_at=now + lives_s, **changes)
        return f"/d/{signed(ticket)}/{ticket.filename}"

    def command(self, kind: str, value: str = "") -> tuple[bytes, dict[str, str]]:
        """A signed message with one command, and its headers, as home pushes it."""
        self.newest += 1
        message = SignedCommands(
            node_id="nod_1",
            issued_at=int(time.time()),
            after=self.newest - 1,
            commands=(
                msgspec.convert({"number": self.newest, "kind": kind, "value": value}, Command),
            ),
        )
        body = msgspec.json.encode(message)
        signature = encode_base64url(KEY.sign(COMMANDS_KIND + body))
        return body, {SIGNATURE_HEADER: f"{KEY.public.kid}.{signature}"}

    def answer(self, path: str, wanted: str | None) -> tuple[int, dict[str, str], bytes]:
        """What a GET of a node is answered with."""
        kind, _, sha256 = path.removeprefix(f"{ROOT}/").partition("/")
        content = self.files.get(sha256)
        if content is None or kind not in {"slices", "artifacts"}:
            return 403, {}, b""
        if kind == "slices":
            return 200, {}, digests_of(content)
        self.asked.append((sha256, wanted or ""))
        if self.wrong:
            content = b"?" * len(content)
        parts = wanted_parts(wanted, len(content))
        if not parts:
            return 200, {}, content
        start, end = parts[0].start, parts[0].end
        said = {"content-range": f"bytes {start}-{end - 1}/{len(content)}"}
        return 206, said, content[start:end]

    def post(self, path: str, body: bytes) -> bytes:
        """What a POST of a node is answered with."""
        if path.endswith("/join"):
            return msgspec.json.encode(JoinAnswer(node_id="nod_1", secret="s" * 32, applied=0))
        beat = msgspec.json.decode(body, type=Heartbeat)
        if beat.usage is not None and beat.usage.number > self._batch:
            self._batch = beat.usage.number
            self.lines += beat.usage.lines
        return msgspec.json.encode(
            HeartbeatAnswer(
                now_ms=int(time.time() * 1000),
                state="ready",
                commands=(),
                revoked=(),
                flush=False,
                newest=self.newest,
                keys=(KEY.public,),
                peers=(),
                shield_region="",
                peer_secret="between nodes",
                usage_number=self._batch,
            )
        )


@contextmanager
def small_home() -> Iterator[SmallHome]:
    """Runs one until the end of the block."""
    home = SmallHome()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._say(*home.answer(self.path, self.headers.get("range")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self._say(200, {"content-type": "application/json"}, home.post(self.path, body))

        def log_message(self, *_said: object) -> None:
            """Says nothing."""

        def _say(self, status: int, head: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {**head, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    home.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield home
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
