"""The protocol by hand: what the real clients never send, and what they cannot see."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterable
from typing import Any

import httpx

from souk_client.sdk import Souk
from tests.market import sign_up, slug_of

SCAN_LIMIT_S = 90


class HubPerson:
    """Somebody with a key, and requests of their own."""

    def __init__(self, base_url: str, souk: Souk | None = None) -> None:
        self.souk = souk or sign_up(base_url)
        self.handle = slug_of(self.souk)
        key = self.souk.api_keys.create(name="raw").key
        self.http = httpx.Client(
            base_url=base_url, headers={"authorization": f"Bearer {key}"}, timeout=60
        )

    def repository(self, repo_type: str = "model") -> str:
        """A new one of their own; its address."""
        name = f"repo-{secrets.token_hex(5)}"
        answer = self.http.post("/api/repos/create", json={"name": name, "type": repo_type})
        assert answer.status_code == 200, answer.text
        return f"{self.handle}/{name}"

    def commit(self, repo: str, *lines: bytes, **header: Any) -> httpx.Response:
        """A commit to `main` of these lines."""
        body = b"".join([line("header", summary="A commit", **header), *lines])
        return self.http.post(f"/api/models/{repo}/commit/main", content=body)

    def send_large(self, repo: str, content: bytes, *, kind: str = "") -> httpx.Response:
        """A file by LFS, in one piece, if it is not there already."""
        sha256 = hashlib.sha256(content).hexdigest()
        (found,) = self.announce(repo, [(sha256, len(content))], kind=kind)
        return self.http.put(found["actions"]["upload"]["href"], content=content)

    def announce(
        self, repo: str, objects: Iterable[tuple[str, int]], *, kind: str = ""
    ) -> list[dict[str, Any]]:
        """What the marketplace wants of these large files."""
        answer = self.http.post(
            f"{kind}/{repo}.git/info/lfs/objects/batch",
            json={
                "operation": "upload",
                "transfers": ["basic", "multipart"],
                "objects": [{"oid": oid, "size": size} for oid, size in objects],
                "hash_algo": "sha256",
            },
            headers={"content-type": "application/vnd.git-lfs+json"},
        )
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["objects"]
        return found

    def publish(self, repo: str) -> None:
        """Makes what is on `main` public, once it is scanned."""
        deadline = time.monotonic() + SCAN_LIMIT_S
        while True:
            answer = self.http.put(f"/api/models/{repo}/settings", json={"visibility": "public"})
            if answer.status_code == 200:
                return
            assert refusal(answer, 409) == "scan_pending"
            assert time.monotonic() < deadline, "the scan never came"

    def close(self) -> None:
        """Lets go of the connections."""
        self.http.close()


def line(key: str, **value: object) -> bytes:
    """A line of a commit."""
    return json.dumps({"key": key, "value": value}).encode() + b"\n"


def small(path: str, content: bytes) -> bytes:
    """A small file inside a commit."""
    text = base64.b64encode(content).decode()
    return line("file", path=path, encoding="base64", content=text)


def large(path: str, content: bytes) -> bytes:
    """A file that was sent before."""
    sha256 = hashlib.sha256(content).hexdigest()
    return line("lfsFile", path=path, algo="sha256", oid=sha256, size=len(content))


def refusal(answer: httpx.Response, status: int) -> str:
    """The code of a refusal, which is whole problem details and says so to hub clients too."""
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["error"] == problem["detail"]
    assert answer.headers["x-error-message"]
    return str(problem["code"])
