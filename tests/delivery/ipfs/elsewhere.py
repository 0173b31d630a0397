"""A pinning service and a gateway elsewhere, from the published specifications alone."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "secret of the service"
STATES = {"queued", "pinning", "pinned", "failed"}
PIN_MEMBERS = {"cid": str, "name": str, "origins": list, "meta": dict}


class Elsewhere:
    """What the servers know; tests look at it and change it."""

    def __init__(self) -> None:
        self.pins: dict[str, dict[str, Any]] = {}
        self.removed: list[str] = []
        self.requests: list[str] = []
        self.next_state = "queued"
        self.broken_for = 0
        self.cars: dict[str, bytes] = {}
        self.url = ""

    def answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        """Status and JSON of the Pinning Service API."""
        self.requests.append(f"{method} {path}")
        if self.broken_for:
            self.broken_for -= 1
            return 500, _failure("INTERNAL_SERVER_ERROR")
        match [method, *path.strip("/").split("/")]:
            case ["GET", "psa", "pins"]:
                return self._listed(query)
            case ["POST", "psa", "pins"]:
                return self._added(json.loads(body))
            case ["GET", "psa", "pins", request_id] if request_id in self.pins:
                return 200, self.pins[request_id]
            case ["DELETE", "psa", "pins", request_id] if request_id in self.pins:
                del self.pins[request_id]
                self.removed.append(request_id)
                return 202, None
        return 404, _failure("NOT_FOUND")

    def _listed(self, query: dict[str, str]) -> tuple[int, Any]:
        states = set(query.get("status", "pinned").split(","))
        if not states <= STATES or not 1 <= int(query.get("limit", "10")) <= 1000:
            return 400, _failure("BAD_REQUEST")
        cids = query["cid"].split(",") if "cid" in query else None
        found = [
            one
            for one in self.pins.values()
            if one["status"] in states and (cids is None or one["pin"]["cid"] in cids)
        ]
        return 200, {"count": len(found), "results": found[: int(query.get("limit", "10"))]}

    def _added(self, pin: dict[str, Any]) -> tuple[int, Any]:
        wrong = [name for name, value in pin.items() if not isinstance(value, PIN_MEMBERS[name])]
        values = pin.get("meta", {}).values()
        if wrong or "cid" not in pin or not all(isinstance(value, str) for value in values):
            return 400, _failure("BAD_REQUEST")
        request_id = f"request-{len(self.pins) + len(self.removed)}"
        self.pins[request_id] = {
            "requestid": request_id,
            "status": self.next_state,
            "created": "2026-07-27T17:32:28.276Z",
            "pin": pin,
            "delegates": ["/ip4/203.0.113.1/tcp/4001/p2p/QmServicePeerId"],
            "info": {"status_details": "Queue position: 7 of 9"},
            "something_new": {"nobody": "knows"},
        }
        return 202, self.pins[request_id]


@contextmanager
def serving(elsewhere: Elsewhere) -> Iterator[Elsewhere]:
    """Runs both on a loopback port: the service below /psa, the gateway below /ipfs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path.startswith("/ipfs/"):
                elsewhere.requests.append(f"GET {parts.path}")
                content = elsewhere.cars.get(parts.path.removeprefix("/ipfs/"))
                if elsewhere.broken_for:
                    elsewhere.broken_for -= 1
                    self._send(502, b"", "text/plain")
                else:
                    status = 404 if content is None else 200
                    self._send(status, content or b"", "application/vnd.ipld.car; version=1")
                return
            self._api()

        def do_POST(self) -> None:
            self._api()

        def do_DELETE(self) -> None:
            self._api()

        def _api(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.headers.get("authorization") != f"Bearer {TOKEN}":
                status, answer = 401, _failure("UNAUTHORIZED")
            else:
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                status, answer = elsewhere.answer(self.command, parts.path, query, body)
            self._send(status, b"" if answer is None else json.dumps(answer).encode())

        def _send(self, status: int, body: bytes, kind: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    elsewhere.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield elsewhere
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _failure(reason: str) -> dict[str, Any]:
    return {"error": {"reason": reason, "details": "So it is."}}
