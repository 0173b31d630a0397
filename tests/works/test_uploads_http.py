"""Uploads over HTTP: bytes on a real connection, cut off, too long, repeated, resumed."""

import hashlib
import json
import os
import socket
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest

from tests.works.selling import Seller, code, good

pytestmark = [pytest.mark.database, pytest.mark.filterwarnings("ignore:EdDSA is deprecated")]
MIB = 2**20
PART = 8 * MIB


@pytest.fixture
def content() -> bytes:
    return os.urandom(2 * PART + 1000)


def test_parts_in_any_order_make_the_file(ada: Seller, content: bytes) -> None:
    upload = good(ada.begin(content), 201)
    assert (upload["part_size_bytes"], upload["part_count"]) == (PART, 3)
    threads = [
        threading.Thread(target=send, args=(ada, upload, content, number)) for number in (3, 1, 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert good(ada.http.get(f"/uploads/{upload['id']}"))["parts_received"] == [1, 2, 3]
    artifact = good(ada.http.post(f"/uploads/{upload['id']}/complete"))
    assert artifact["sha256"] == hashlib.sha256(content).hexdigest()
    assert ada.scanned(artifact["sha256"])["scan"]["state"] == "clean"
    again = good(ada.begin(content), 201)
    assert again["state"] == "complete"
    assert again["artifact"]["sha256"] == artifact["sha256"]


def send(ada: Seller, upload: dict, content: bytes, number: int) -> None:
    part = content[(number - 1) * PART : number * PART]
    good(ada.http.put(f"/uploads/{upload['id']}/parts/{number}", content=part))


def test_a_connection_that_breaks_off_leaves_the_part_unreceived(
    ada: Seller, content: bytes
) -> None:
    upload = good(ada.begin(content), 201)
    where = urlsplit(str(ada.http.base_url))
    assert where.hostname is not None
    with socket.create_connection((where.hostname, where.port or 80)) as line:
        head = (
            f"PUT /api/v1/uploads/{upload['id']}/parts/1 HTTP/1.1\r\nHost: {where.netloc}\r\n"
            f"Authorization: {ada.http.headers['authorization']}\r\nContent-Length: {PART}\r\n\r\n"
        )
        line.sendall(head.encode() + content[: 3 * MIB])
        time.sleep(0.3)
    deadline = time.monotonic() + 60
    while True:  # until the server has noticed, it may still hold the part
        answer = ada.http.put(f"/uploads/{upload['id']}/parts/1", content=content[:PART])
        if answer.status_code != 409 or time.monotonic() > deadline:
            break
        assert code(answer, 409) == "part_under_way"
        assert good(ada.http.get(f"/uploads/{upload['id']}"))["parts_received"] == []
        time.sleep(0.1)
    good(answer)
    assert good(ada.http.get(f"/uploads/{upload['id']}"))["parts_received"] == [1]


@pytest.mark.parametrize("length", [0, 1, PART - 1, PART + 1, 3 * PART])
def test_a_part_of_another_length(ada: Seller, content: bytes, length: int) -> None:
    upload = good(ada.begin(content), 201)
    answer = ada.http.put(f"/uploads/{upload['id']}/parts/1", content=bytes(length))
    assert code(answer, 422) == "part_length_wrong"
    chunks = (bytes(min(MIB, length - at)) for at in range(0, length, MIB))
    answer = ada.http.put(f"/uploads/{upload['id']}/parts/1", content=chunks)
    assert code(answer, 422) == "part_length_wrong"
    assert good(ada.http.get(f"/uploads/{upload['id']}"))["parts_received"] == []


@pytest.mark.parametrize("number", ["0", "4", "-1", "99999999999999999999", "x", "1.5"])
def test_a_part_that_is_not_there(ada: Seller, content: bytes, number: str) -> None:
    upload = good(ada.begin(content), 201)
    answer = ada.http.put(f"/uploads/{upload['id']}/parts/{number}", content=b"x")
    assert answer.status_code in {404, 422}
    assert answer.json()["code"] in {"part_number_wrong", "route_unknown"}


def test_a_repeat_with_other_bytes_and_a_wrong_hash(ada: Seller, content: bytes) -> None:
    upload = good(ada.begin(content, sha256="0" * 64), 201)
    for number in (1, 2, 3):
        send(ada, upload, content, number)
    send(ada, upload, content, 2)
    answer = ada.http.put(f"/uploads/{upload['id']}/parts/2", content=bytes(PART))
    assert code(answer, 409) == "part_differs"
    answer = ada.http.post(f"/uploads/{upload['id']}/complete")
    assert code(answer, 422) == "hash_mismatch"
    assert answer.json()["actual_sha256"] == hashlib.sha256(content).hexdigest()
    assert good(ada.http.get(f"/uploads/{upload['id']}"))["state"] == "failed"
    assert code(ada.http.post(f"/uploads/{upload['id']}/complete"), 410) == "upload_closed"


def test_completing_before_every_part_is_there(ada: Seller, content: bytes) -> None:
    upload = good(ada.begin(content), 201)
    send(ada, upload, content, 2)
    answer = ada.http.post(f"/uploads/{upload['id']}/complete")
    assert code(answer, 409) == "parts_missing"
    assert answer.json()["missing"] == [1, 3]


@pytest.mark.parametrize(
    "changes",
    [
        {"size_bytes": -1},
        {"size_bytes": 2**63},
        {"size_bytes": 1.5},
        {"sha256": "A" * 64},
        {"sha256": "../../etc/passwd"},
        {"filename": "../x"},
        {"filename": ""},
        {"filename": "x" * 256},
        {"filename": "a\u0000b"},
        {"filename": "'; DROP TABLE works.uploads; --\n"},
        {"organisation_id": "org_00000000000000000000000000"},
        {"unknown": 1},
    ],
)
def test_an_announcement_that_cannot_be(ada: Seller, changes: dict) -> None:
    answer = ada.begin(b"x", **changes)
    assert answer.status_code in {404, 413, 422}, answer.text
    assert answer.json()["detail"]


def test_nobody_else_gets_near_an_upload_or_an_artifact(
    ada: Seller, bob: Seller, anybody: httpx.Client
) -> None:
    secret = os.urandom(100)
    upload = good(ada.begin(secret), 201)
    address = f"/uploads/{upload['id']}"
    assert code(bob.http.get(address), 404) == "upload_unknown"
    assert code(bob.http.put(f"{address}/parts/1", content=secret), 404) == "upload_unknown"
    assert code(bob.http.post(f"{address}/complete"), 404) == "upload_unknown"
    artifact = ada.upload(secret)
    assert code(bob.http.get(f"/artifacts/{artifact['sha256']}"), 404) == "artifact_unknown"
    assert code(bob.begin(secret, organisation_id=ada.organisation_id), 404)
    stolen = bob.draft()
    body = {"version": "1.0.0", "files": [{"path": "x", "sha256": artifact["sha256"]}]}
    answer = bob.http.post(f"/listings/{stolen['id']}/versions", json=body)
    assert code(answer, 422) == "file_unknown"
    assert code(anybody.get(address), 401) == "sign_in_needed"
    assert code(anybody.put(f"{address}/parts/1", content=secret), 401) == "sign_in_needed"
    begin = {"filename": "x", "size_bytes": 1, "sha256": "0" * 64}
    assert code(anybody.post("/uploads", json=begin), 401) == "sign_in_needed"


def test_the_quarantine_is_for_moderators(ada: Seller) -> None:
    assert code(ada.http.get("/quarantine"), 403) == "permission_missing"
    answer = ada.http.post(f"/quarantine/{'0' * 64}/release", json={"reason": "because"})
    assert code(answer, 403) == "permission_missing"


def test_a_body_of_ten_megabytes_is_refused(ada: Seller) -> None:
    answer = ada.http.post("/uploads", content=json.dumps({"filename": "x" * 10 * MIB}))
    assert answer.status_code == 413
