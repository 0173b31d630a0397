"""Files over HTTP: large ones to signed addresses, and reading them back in every way."""

import hashlib
import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import OfferRequest
from souk_client.proofs.canonical import decode_base64url, encode_base64url
from tests.delivery.hub.raw import HubPerson, large, refusal, small
from tests.market import funded, refused

CONTENT = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def ada(base_url: str) -> Iterator[HubPerson]:
    person = HubPerson(base_url)
    yield person
    person.close()


@pytest.fixture(scope="module")
def repo(ada: HubPerson) -> str:
    """A repository with a small and a large file, and sixty more."""
    address = ada.repository()
    ada.send_large(address, CONTENT)
    many = [small(f"many/{n:02}.txt", b"%d" % n) for n in range(60)]
    answer = ada.commit(address, small("a.txt", b"hello\n"), large("w.bin", CONTENT), *many)
    assert answer.status_code == 200, answer.text
    return address


def test_a_head_says_what_a_get_gives(ada: HubPerson, repo: str) -> None:
    sha = ada.http.get(f"/api/models/{repo}").json()["sha"]
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    for path, content, etag in (
        ("a.txt", b"hello\n", "ce013625030ba8dba906f756967f9e9ca394464a"),
        ("w.bin", CONTENT, sha256),
    ):
        head = ada.http.head(f"/{repo}/resolve/main/{path}")
        whole = ada.http.get(f"/{repo}/resolve/{sha}/{path}")
        assert (head.status_code, head.content) == (200, b"")
        assert whole.content == content
        for answer in (head, whole):
            assert answer.headers["etag"] == f'"{etag}"'
            assert answer.headers["x-repo-commit"] == sha
            assert answer.headers["content-length"] == str(len(content))
            assert answer.headers["accept-ranges"] == "bytes"
        assert ("x-linked-etag" in head.headers) == (path == "w.bin")
    assert head.headers["x-linked-size"] == str(len(CONTENT))


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=100-", 206, 100, len(CONTENT)),
        ("bytes=-5", 206, len(CONTENT) - 5, len(CONTENT)),
        ("bytes=5-1", 200, 0, len(CONTENT)),
        ("bytes=0-1,5-6", 200, 0, len(CONTENT)),
        ("bytes=99999999-", 416, 0, 0),
        ("bytes=0-99999999999999999999999", 206, 0, len(CONTENT)),
    ],
)
def test_ranges(ada: HubPerson, repo: str, asked: str, status: int, start: int, end: int) -> None:
    answer = ada.http.get(f"/{repo}/resolve/main/w.bin", headers={"range": asked})
    assert answer.status_code == status
    assert answer.content == CONTENT[start:end]


def test_who_has_it_already_is_told_so(ada: HubPerson, repo: str) -> None:
    tag = ada.http.head(f"/{repo}/resolve/main/a.txt").headers["etag"]
    answer = ada.http.get(f"/{repo}/resolve/main/a.txt", headers={"if-none-match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_what_is_not_there_has_the_code_that_clients_know(ada: HubPerson, repo: str) -> None:
    for address, code in (
        (f"/{repo}/resolve/main/no.txt", "EntryNotFound"),
        (f"/{repo}/resolve/v9.9.9/a.txt", "RevisionNotFound"),
        (f"/{repo}-no/resolve/main/a.txt", "RepoNotFound"),
        (f"/datasets/{repo}/resolve/main/a.txt", "RepoNotFound"),
        (f"/api/spaces/{repo}", "RepoNotFound"),
        (f"/api/models/{repo}/tree/main/no", "EntryNotFound"),
        (f"/api/models/{repo}/revision/refs/convert/parquet", "RevisionNotFound"),
        (f"/api/models/{repo}/safetensors-metadata/no.json", "EntryNotFound"),
    ):
        for answer in (ada.http.get(address), ada.http.head(address)):
            assert answer.status_code == 404, address
            assert answer.headers["x-error-code"] == code, address
    gone = ada.http.head(f"/{repo}/resolve/main/no.txt")
    assert gone.headers["x-repo-commit"] == ada.http.get(f"/api/models/{repo}").json()["sha"]


def test_the_address_that_clients_print_for_a_dataset_leads_to_its_page(ada: HubPerson) -> None:
    answer = ada.http.get("/datasets/some/where")
    assert (answer.status_code, answer.headers["location"]) == (301, "/some/where")


def test_trees_come_in_pages(ada: HubPerson, repo: str) -> None:
    address: str | None = f"/api/models/{repo}/tree/main?recursive=true&expand=true"
    pages: list[list[dict[str, Any]]] = []
    while address is not None:
        answer = ada.http.get(address)
        pages.append(answer.json())
        address = answer.links.get("next", {}).get("url")
    assert [len(page) for page in pages] == [50, 13]
    paths = [entry["path"] for page in pages for entry in page]
    assert paths == sorted(paths) and len(set(paths)) == 63
    assert {entry["lastCommit"]["title"] for page in pages for entry in page} == {"A commit"}


def test_paths_are_asked_about_in_either_form(ada: HubPerson, repo: str) -> None:
    for body in ({"data": {"paths": ["a.txt", "many", "no"]}}, {"json": {"paths": ["a.txt/"]}}):
        answer = ada.http.post(f"/api/models/{repo}/paths-info/main", **body)  # type: ignore[arg-type]  # one of the two ways
        found = {entry["path"]: entry["type"] for entry in answer.json()}
        assert found["a.txt"] == "file" and "no" not in found
    many = {"paths": [f"p{n}" for n in range(2000)]}
    answer = ada.http.post(f"/api/models/{repo}/paths-info/main", json=many)
    assert refusal(answer, 422) == "too_many_paths"


def test_preupload_says_how_and_what_need_not_be_sent(ada: HubPerson, repo: str) -> None:
    asked = [
        {"path": "a.txt", "size": 6, "sample": "aGVsbG8K"},
        {"path": "w.bin", "size": len(CONTENT), "sample": ""},
        {"path": "new.dat", "size": 9, "sample": "AAEC"},
        {"path": "logs/x.log", "size": 3, "sample": "YWJj"},
        {"path": "empty.bin", "size": 0, "sample": ""},
    ]
    answer = ada.http.post(
        f"/api/models/{repo}/preupload/main",
        json={"files": asked, "gitIgnore": "*.log\n!keep.log\nbuild/\n"},
    )
    told = {file["path"]: file for file in answer.json()["files"]}
    assert told["a.txt"]["oid"] == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert told["w.bin"]["oid"] == hashlib.sha256(CONTENT).hexdigest()
    modes = {path: file["uploadMode"] for path, file in told.items()}
    assert modes == {
        "a.txt": "regular", "w.bin": "lfs", "new.dat": "lfs", "logs/x.log": "regular",
        "empty.bin": "regular",
    }  # fmt: skip
    assert [path for path, file in told.items() if file["shouldIgnore"]] == ["logs/x.log"]


def test_an_upload_address_takes_these_bytes_and_no_others(
    base_url: str, ada: HubPerson, repo: str
) -> None:
    content = secrets.token_bytes(5000)
    sha256 = hashlib.sha256(content).hexdigest()
    (wanted,) = ada.announce(repo, [(sha256, len(content))])
    address = wanted["actions"]["upload"]["href"]
    payload, _, signature = address.rpartition("/")[2].partition(".")
    with httpx.Client(base_url=base_url) as nobody:
        forged = decode_base64url(payload, what="payload").replace(b'"n":5000', b'"n":5001')
        for text in (f"{encode_base64url(forged)}.{signature}", f"{payload}.", "x", f"{payload}.é"):
            answer = nobody.put(f"/api/hub/uploads/{text}", content=content)
            assert refusal(answer, 403) == "upload_address_invalid"
        assert refusal(nobody.put(address, content=content + b"x"), 422) == "part_length_wrong"
        assert refusal(nobody.put(address, content=content[:-1]), 422) == "part_length_wrong"
        other = secrets.token_bytes(5000)
        assert refusal(nobody.put(address, content=other), 422) == "hash_mismatch"
        assert refusal(nobody.post(address), 422) == "lfs_invalid"
        assert nobody.put(address, content=content).status_code == 200
        assert nobody.put(address, content=content).status_code == 200
    (there,) = ada.announce(repo, [(sha256, len(content))])
    assert "actions" not in there and "error" not in there
    (lie,) = ada.announce(repo, [(sha256, 1)])
    assert lie["error"]["code"] == 422


def test_parts_go_on_where_they_stopped(base_url: str, ada: HubPerson, repo: str) -> None:
    part = 64 * 2**20
    content = secrets.token_bytes(2**20) * 65
    named = [(hashlib.sha256(content).hexdigest(), len(content))]

    def announced() -> tuple[str, dict[str, str]]:
        (wanted,) = ada.announce(repo, named)
        upload = wanted["actions"]["upload"]
        return upload["href"], upload["header"]

    _, header = announced()
    assert header["chunk_size"] == str(part)
    with httpx.Client(base_url=base_url, timeout=60) as nobody:
        assert nobody.put(header["1"], content=content[:part]).headers["etag"]
        whole, header = announced()
        assert refusal(nobody.post(whole), 409) == "parts_missing"
        assert nobody.put(header["2"], content=content[part:]).status_code == 200
        assert nobody.post(whole).status_code == 200
        assert nobody.post(whole).status_code == 200
    assert ada.commit(repo, large("two-parts.bin", content)).status_code == 200


def test_too_many_and_too_large_are_told_the_truth(ada: HubPerson, repo: str) -> None:
    (wanted,) = ada.announce(repo, [("0" * 64, 2**50)])
    assert wanted["error"]["code"] == 413
    assert "at most" in wanted["error"]["message"]
    batch = {
        "operation": "upload",
        "objects": [{"oid": f"{n:064x}", "size": 1} for n in range(2000)],
    }
    answer = ada.http.post(f"/{repo}.git/info/lfs/objects/batch", json=batch)
    assert refusal(answer, 422) == "lfs_invalid"


def test_reading_by_xet_ends_the_right_to_a_refund(base_url: str, ada: HubPerson) -> None:
    repo = ada.repository()
    ada.commit(repo, small("README.md", b"---\nlicense: mit\n---\n"), small("a.txt", b"words"))
    listing = ada.souk.listings.get(repo)
    ada.souk.listings.add_offer(listing.id, OfferRequest(price_minor=100))
    ada.publish(repo)
    grace = HubPerson(base_url, funded(base_url))
    token = f"/api/models/{repo}/xet-read-token/main"
    gated = grace.http.get(token)
    assert refusal(gated, 403) == "repository_gated"
    assert gated.headers["x-error-code"] == "GatedRepo"
    order = grace.souk.orders.create(OrderRequest(listing_id=listing.id))
    opened = grace.http.get(token)
    assert opened.status_code == 200
    assert opened.headers["x-xet-access-token"] == opened.json()["accessToken"]
    with refused("refund_after_download"):
        grace.souk.orders.refund(order.id, reason="changed my mind")
    assert ada.souk.listings.get(repo).downloads == 1
    ada.http.request("DELETE", "/api/repos/delete", json={"name": repo.partition("/")[2]})
    assert ada.souk.listings.get(repo).state == "retired"
    kept = grace.http.get(f"/{repo}/resolve/main/a.txt", follow_redirects=True)
    assert kept.content == b"words"
    stranger = HubPerson(base_url)
    answer = stranger.http.get(f"/{repo}/resolve/main/a.txt")
    assert "no longer for sale" in answer.json()["error"]
    stranger.close()
    grace.close()
