"""Commits over HTTP: one wins a race, nothing is half done, nothing unsafe gets in."""

import hashlib
import pickle
import secrets
import time
from collections.abc import Iterator

import pytest

from tests.delivery.hub.raw import SCAN_LIMIT_S, HubPerson, large, line, refusal, small


@pytest.fixture(scope="module")
def ada(base_url: str) -> Iterator[HubPerson]:
    person = HubPerson(base_url)
    yield person
    person.close()


def files(ada: HubPerson, repo: str) -> list[str]:
    """The paths on `main`."""
    tree = ada.http.get(f"/api/models/{repo}/tree/main", params={"recursive": "true"})
    return [entry["path"] for entry in tree.json() if entry["type"] == "file"]


@pytest.mark.parametrize("empty", [True, False])
def test_of_two_commits_at_once_one_wins_and_the_other_hears_412(
    ada: HubPerson, empty: bool
) -> None:
    repo = ada.repository()
    if not empty:
        assert ada.commit(repo, small("start.txt", b"start")).status_code == 200
    parent = ada.http.get(f"/api/models/{repo}").json()["sha"]

    def slow() -> Iterator[bytes]:
        yield line("header", summary="Slow", parentCommit=parent) + small("slow.txt", b"slow")
        quick = ada.commit(repo, small("quick.txt", b"quick"))
        assert quick.status_code == 200, quick.text
        yield small("later.txt", b"later")

    answer = ada.http.post(f"/api/models/{repo}/commit/main", content=slow())
    assert refusal(answer, 412) == "commit_raced"
    assert files(ada, repo) == (["quick.txt"] if empty else ["quick.txt", "start.txt"])


def test_a_commit_on_what_is_no_longer_the_head_is_refused(ada: HubPerson) -> None:
    repo = ada.repository()
    first = ada.commit(repo, small("a.txt", b"1")).json()["commitOid"]
    second = ada.commit(repo, small("a.txt", b"2"), parentCommit=first[:7])
    assert second.status_code == 200
    for parent in (first, "f" * 40, "nonsense"):
        stale = ada.commit(repo, small("a.txt", b"3"), parentCommit=parent)
        assert refusal(stale, 412) == "commit_raced"


def test_a_commit_whose_answer_was_lost_may_be_sent_again(ada: HubPerson) -> None:
    repo = ada.repository()
    first = ada.commit(repo, small("a.txt", b"1"), small("b.txt", b"1")).json()["commitOid"]
    lines = (small("a.txt", b"2"), line("deletedFile", path="b.txt"))
    made = ada.commit(repo, *lines, parentCommit=first)
    again = ada.commit(repo, *lines, parentCommit=first)
    assert made.status_code == again.status_code == 200
    assert made.json()["commitOid"] == again.json()["commitOid"]


def test_the_same_content_again_makes_no_commit(ada: HubPerson) -> None:
    repo = ada.repository()
    first = ada.commit(repo, small("a.txt", b"1")).json()["commitOid"]
    assert ada.commit(repo, small("a.txt", b"1")).json()["commitOid"] == first


def test_what_fails_leaves_nothing_behind(ada: HubPerson) -> None:
    repo = ada.repository()
    ada.commit(repo, small("a.txt", b"1"))
    gone = ada.commit(repo, small("b.txt", b"2"), line("deletedFile", path="no.txt"))
    assert refusal(gone, 404) == "deletion_unknown"
    assert gone.headers["x-error-code"] == "EntryNotFound"
    unsent = ada.commit(repo, small("c.txt", b"3"), large("w.bin", secrets.token_bytes(9)))
    assert refusal(unsent, 422) == "files_unsent"
    clash = ada.commit(repo, small("d", b"4"), small("d/e.txt", b"5"))
    assert refusal(clash, 422) == "path_invalid"
    broken = ada.commit(repo, small("f.txt", b"6"), b"{\n")
    assert refusal(broken, 400) == "commit_malformed"
    card = ada.commit(repo, small("README.md", b"---\na: [\n---\n"), small("g.txt", b"7"))
    assert refusal(card, 422) == "card_invalid"
    empty = ada.commit(repo, line("deletedFile", path="a.txt"))
    assert refusal(empty, 422) == "tree_invalid"
    assert files(ada, repo) == ["a.txt"]


def test_commits_go_to_branches_only(ada: HubPerson) -> None:
    repo = ada.repository()
    oid = ada.commit(repo, small("a.txt", b"1")).json()["commitOid"]
    ada.http.post(f"/api/models/{repo}/tag/main", json={"tag": "1.0.0"})
    for name, status, code in (
        ("1.0.0", 422, "hub_not_offered"),
        (oid, 422, "hub_not_offered"),
        ("unknown", 404, "revision_not_found"),
        ("refs/pr/1", 404, "revision_not_found"),
    ):
        answer = ada.http.post(f"/api/models/{repo}/commit/{name}", content=small("b", b"2"))
        assert refusal(answer, status) == code, name


class _Harm:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("harm",))


def test_an_unsafe_file_is_refused_with_the_reason(ada: HubPerson) -> None:
    repo = ada.repository()
    content = pickle.dumps(["pad", secrets.token_hex(8), _Harm()])
    assert ada.send_large(repo, content).status_code == 200
    _await_scan(ada, content)
    answer = ada.commit(repo, large("model.pkl", content), small("ok.txt", b"fine"))
    assert refusal(answer, 409) == "commit_quarantined"
    assert "model.pkl: " in answer.json()["detail"]
    assert files(ada, repo) == []


def _await_scan(ada: HubPerson, content: bytes) -> None:
    sha256 = hashlib.sha256(content).hexdigest()
    deadline = time.monotonic() + SCAN_LIMIT_S
    while ada.http.get(f"/api/v1/artifacts/{sha256}").json()["scan"]["state"] == "pending":
        assert time.monotonic() < deadline, "the scan never came"
        time.sleep(0.1)


def test_what_the_card_says_anew_is_what_the_listing_says(ada: HubPerson) -> None:
    repo = ada.repository()
    card = b"---\nlicense: gemma\ntags: [one]\npipeline_tag: text-generation\n---\nWords.\n"
    ada.commit(repo, small("README.md", card))
    listing = ada.souk.listings.get(repo)
    assert (listing.licence, listing.tags) == ("LicenseRef-gemma", ["one"])
    assert listing.task == "text-generation"
    ada.commit(repo, small("README.md", card.replace(b"gemma", b"apache-2.0")))
    assert ada.souk.listings.get(repo).licence == "Apache-2.0"
    info = ada.http.get(f"/api/models/{repo}").json()
    assert info["cardData"]["license"] == "apache-2.0"
    assert info["pipeline_tag"] == "text-generation"
    assert "license:apache-2.0" in info["tags"]


def test_strangers_cannot_commit_and_do_not_even_see_a_draft(base_url: str, ada: HubPerson) -> None:
    repo = ada.repository()
    mallory = HubPerson(base_url)
    assert refusal(mallory.commit(repo, small("a", b"1")), 404) == "repository_unknown"
    mallory.close()
