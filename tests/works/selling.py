"""A seller at a running marketplace, over HTTP."""

import hashlib
import itertools
import os
import time
from typing import Any, Self

import httpx

_numbers = itertools.count(1)
PASSWORD = "a long enough password"
SCAN_LIMIT_S = 60.0

Json = dict[str, Any]


class Seller:
    """An account of its own, and what a client does for it."""

    def __init__(self, base_url: str) -> None:
        self.http = httpx.Client(base_url=f"{base_url}/api/v1", timeout=60)
        number = f"{os.getpid()}-{next(_numbers)}"
        answer = self.http.post(
            "/auth/register",
            json={
                "email": f"seller{number}@works.example.org",
                "password": PASSWORD,
                "name": f"Seller {number}",
            },
        )
        assert answer.status_code == 201, answer.text
        self.user = answer.json()["user"]
        self.organisation_id: str = self.user["organisation"]["id"]
        self.handle: str = self.user["organisation"]["slug"]
        self.http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def begin(self, content: bytes, **changes: Any) -> httpx.Response:
        body = {
            "filename": "file.bin",
            "size_bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            **changes,
        }
        return self.http.post("/uploads", json=body)

    def upload(self, content: bytes, *, filename: str = "file.bin") -> Json:
        """Stores a file and answers its artifact."""
        upload = good(self.begin(content, filename=filename), 201)
        if upload["artifact"]:
            return dict(upload["artifact"])
        size = upload["part_size_bytes"]
        for number in range(1, upload["part_count"] + 1):
            part = content[(number - 1) * size : number * size]
            good(self.http.put(f"/uploads/{upload['id']}/parts/{number}", content=part))
        return good(self.http.post(f"/uploads/{upload['id']}/complete"))

    def scanned(self, sha256: str) -> Json:
        """The artifact once it has been scanned."""
        deadline = time.monotonic() + SCAN_LIMIT_S
        while True:
            artifact = good(self.http.get(f"/artifacts/{sha256}"))
            if artifact["scan"]["state"] != "pending":
                return artifact
            assert time.monotonic() < deadline, "the scan did not come"
            time.sleep(0.05)

    def draft(self, **changes: Any) -> Json:
        return good(self.http.post("/listings", json=self.listing_body(**changes)), 201)

    def listing_body(self, **changes: Any) -> Json:
        body = {
            "kind": "dataset",
            "slug": f"work-{next(_numbers)}",
            "title": "Iris, measured by hand",
            "licence": "CC-BY-4.0",
            "price_minor": 500,
            **changes,
        }
        return {name: value for name, value in body.items() if value is not None}

    def add_version(
        self, listing: Json, version: str = "1.0.0", files: dict[str, bytes] | None = None
    ) -> Json:
        """Uploads the files and names them."""
        named = files or {"data.csv": os.urandom(8).hex().encode()}
        entries = [
            {"path": path, "sha256": self.upload(content, filename=path.split("/")[-1])["sha256"]}
            for path, content in named.items()
        ]
        answer = self.http.post(
            f"/listings/{listing['id']}/versions", json={"version": version, "files": entries}
        )
        return good(answer, 201)

    def published(self, **changes: Any) -> Json:
        """A published listing with one version."""
        listing = self.draft(**changes)
        self.add_version(listing)
        return good(self.http.post(f"/listings/{listing['id']}/publish"))


def good(answer: httpx.Response, status: int = 200) -> Json:
    assert answer.status_code == status, answer.text
    return dict(answer.json()) if answer.content else {}


def code(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["detail"]
    return str(problem["code"])
