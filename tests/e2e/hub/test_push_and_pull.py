"""Pushing and pulling with huggingface_hub, by Xet as it does today and by LFS as it did before."""

import hashlib
import secrets
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.hub.clients import LIMIT_S, run
from tests.e2e.hub.conftest import Person

pytestmark = pytest.mark.timeout(LIMIT_S)

PUSH = """
told["who"] = api.whoami()["name"]
told["url"] = str(api.create_repo(repo, exist_ok=True))
assert str(api.create_repo(repo, exist_ok=True)) == told["url"]
assert api.list_repo_files(repo) == []
api.upload_file(repo_id=repo, path_or_fileobj=b"---\\nlicense: mit\\n---\\n# Hello\\n",
                path_in_repo="README.md")
small = folder / "small"
for n in range(given["files"]):
    path = small / f"part{n % 7}" / f"{n}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"number {n}\\n")
(small / "weights.bin").write_bytes(bytes.fromhex(given["seed"]) * 40_000)
told["folder"] = api.upload_folder(repo_id=repo, folder_path=small, path_in_repo="all").oid
again = api.upload_folder(repo_id=repo, folder_path=small, path_in_repo="all")
assert again.oid == api.model_info(repo).sha
info = api.model_info(repo, files_metadata=True)
told["sha"] = info.sha
told["siblings"] = {s.rfilename: [s.size, s.blob_id] for s in info.siblings}
told["tree"] = sorted(e.path for e in api.list_repo_tree(repo, recursive=True))
told["top"] = sorted(e.path for e in api.list_repo_tree(repo))
told["expanded"] = [e.last_commit.title for e in api.list_repo_tree(repo, "all", expand=True)]
told["info"] = [(e.path, e.size) for e in api.get_paths_info(repo, ["README.md", "no", "all"])
                if hasattr(e, "size")]
"""

PULL = """
there = Path(snapshot_download(repo, allow_patterns=["README.md", "all/part3/*", "all/*.bin"]))
told["count"] = sum(1 for path in there.rglob("*.txt"))
told["text"] = (there / "all/part3/17.txt").read_text()
import hashlib
told["hash"] = hashlib.sha256((there / "all/weights.bin").read_bytes()).hexdigest()
told["card"] = (there / "README.md").read_text()
"""


@pytest.mark.parametrize(("xet", "files"), [(True, 42), (False, 301)], ids=["xet", "lfs"])
def test_what_one_client_pushes_another_pulls_by_either_way(
    base_url: str, seller: Person, tmp_path: Path, xet: bool, files: int
) -> None:
    seed = secrets.token_hex(32)
    options: dict[str, Any] = {
        "base_url": base_url,
        "key": seller.key,
        "repo": f"{seller.handle}/pushed-{'xet' if xet else 'lfs'}",
    }
    pushed = run(PUSH, folder=tmp_path / "push", xet=xet, seed=seed, files=files, **options)
    assert pushed["who"] == seller.handle
    assert pushed["url"] == f"{base_url}/{options['repo']}"
    assert len(pushed["siblings"]) == files + 2
    assert pushed["siblings"]["all/weights.bin"][0] == 32 * 40_000
    assert len([path for path in pushed["tree"] if path.endswith(".txt")]) == files
    assert pushed["top"] == ["README.md", "all"]
    assert len(pushed["expanded"]) == 8
    assert dict(pushed["info"])["README.md"] == 29
    expected = hashlib.sha256(bytes.fromhex(seed) * 40_000).hexdigest()
    pulled = run(PULL, folder=tmp_path / "pull", xet=not xet, **options)
    assert (pulled["count"], pulled["text"], pulled["hash"]) == (
        files // 7,
        "number 17\n",
        expected,
    )
    assert pulled["card"].endswith("# Hello\n")
    listing = seller.souk.listings.get(options["repo"])
    assert (listing.state, listing.licence, listing.card) == ("draft", "MIT", pulled["card"])


HISTORY = """
from huggingface_hub import CommitOperationAdd as Add, CommitOperationDelete as Delete
def refused(call):
    try:
        call()
    except Exception as error:
        return [type(error).__name__, str(error)]
    return None
api.create_repo(repo)
first = api.create_commit(repo, [Add("a.txt", b"one"), Add("d/b.txt", b"two"),
                                 Add("d/c.txt", b"three")], commit_message="First")
api.create_tag(repo, tag="v0.1.0")
api.create_tag(repo, tag="nice", revision=first.oid)
second = api.create_commit(repo, [Add("a.txt", b"ONE"), Delete("d/")], commit_message="Second",
                           commit_description="Less.", parent_commit=first.oid)
told["files"] = api.list_repo_files(repo)
told["titles"] = [c.title for c in api.list_repo_commits(repo)]
told["old"] = {name: sorted(api.list_repo_files(repo, revision=name))
               for name in ("0.1.0", "v0.1.0", "nice", first.oid, first.oid[:9])}
api.create_branch(repo, branch="try", revision=first.oid)
third = api.create_commit(repo, [Add("x.txt", b"x")], commit_message="Third", revision="try")
refs = api.list_repo_refs(repo)
told["refs"] = sorted(r.ref for r in refs.branches + refs.tags)
told["try"] = sorted(api.list_repo_files(repo, revision="try"))
api.delete_branch(repo, branch="try")
api.delete_tag(repo, tag="nice")
told["refused"] = {
    "stale parent": refused(lambda: api.create_commit(
        repo, [Add("z.txt", b"z")], commit_message="Late", parent_commit=first.oid)),
    "nothing to delete": refused(lambda: api.delete_file("gone.txt", repo)),
    "version": refused(lambda: api.delete_tag(repo, tag="0.1.0")),
    "tag": refused(lambda: api.list_repo_files(repo, revision="nice")),
    "file": refused(lambda: api.hf_hub_download(repo, "gone.txt")),
    "repository": refused(lambda: api.model_info(repo + "-no")),
    "type": refused(lambda: api.dataset_info(repo)),
    "path": refused(lambda: api.create_commit(
        repo, [Add("con/../x:y", b"")], commit_message="Bad")),
    "card": refused(lambda: api.upload_file(repo_id=repo, path_in_repo="README.md",
                                            path_or_fileobj=b"---\\na: [\\n---\\n")),
    "space": refused(lambda: api.create_repo(repo + "-s", repo_type="space", space_sdk="static")),
    "move": refused(lambda: api.move_repo(repo, repo + "-moved")),
    "publish": refused(lambda: api.update_repo_settings(repo, private=False)),
}
told["head"] = [api.model_info(repo).sha, second.oid]
api.delete_repo(repo)
told["gone"] = [api.repo_exists(repo), refused(lambda: api.delete_repo(repo))[0]]
"""


def test_history_names_and_refusals_are_what_the_client_expects(
    base_url: str, seller: Person, tmp_path: Path
) -> None:
    told = run(
        HISTORY,
        base_url=base_url,
        key=seller.key,
        folder=tmp_path,
        repo=f"{seller.handle}/history",
    )
    assert told["files"] == ["a.txt"]
    assert told["titles"] == ["Second", "First"]
    assert set(map(tuple, told["old"].values())) == {("a.txt", "d/b.txt", "d/c.txt")}
    assert told["refs"] == [
        "refs/heads/main", "refs/heads/try", "refs/tags/0.1.0", "refs/tags/nice"
    ]  # fmt: skip
    assert told["try"] == ["a.txt", "d/b.txt", "d/c.txt", "x.txt"]
    assert told["head"][0] == told["head"][1]
    assert told["gone"] == [False, "RepositoryNotFoundError"]
    kinds = {what: refusal[0] for what, refusal in told["refused"].items()}
    assert kinds == {
        "stale parent": "HfHubHTTPError",
        "nothing to delete": "RemoteEntryNotFoundError",
        "version": "HfHubHTTPError",
        "tag": "RevisionNotFoundError",
        "file": "RemoteEntryNotFoundError",
        "repository": "RepositoryNotFoundError",
        "type": "RepositoryNotFoundError",
        "path": "ValueError",
        "card": "ValueError",
        "space": "HfHubHTTPError",
        "move": "HfHubHTTPError",
        "publish": "HfHubHTTPError",
    }
    words = {what: refusal[1] for what, refusal in told["refused"].items()}
    assert "412" in words["stale parent"]
    assert "commit has happened since" in words["stale parent"]
    assert "never changes" in words["version"]
    assert "an active offer" in words["publish"] and base_url in words["publish"]
    assert "keeps its address" in words["move"]


LARGE = """
if given["dies"] == "after a part":
    from huggingface_hub import lfs
    real = lfs.http_backoff
    def dying(method, url, **rest):
        answer = real(method, url, **rest)
        if method == "PUT":
            os._exit(9)
        return answer
    lfs.http_backoff = dying
if given["dies"] == "before the commit":
    from huggingface_hub import _commit_api
    _commit_api._send_commit = lambda **rest: os._exit(9)
api.create_repo(repo, exist_ok=True)
block = bytes.fromhex(given["seed"]) * 2**15
(folder / "large.bin").write_bytes(block * given["blocks"])
told["oid"] = api.upload_file(repo_id=repo, path_or_fileobj=str(folder / "large.bin"),
                              path_in_repo="large.bin").oid
there = api.hf_hub_download(repo, "large.bin")
told["same"] = Path(there).read_bytes() == block * given["blocks"]
"""


@pytest.mark.parametrize(
    ("xet", "dies", "blocks"),
    [(False, "after a part", 66), (True, "before the commit", 9)],
    ids=["lfs", "xet"],
)
def test_a_large_file_survives_a_client_that_dies_half_way(
    base_url: str, seller: Person, tmp_path: Path, xet: bool, dies: str, blocks: int
) -> None:
    options: dict[str, Any] = {
        "base_url": base_url,
        "key": seller.key,
        "xet": xet,
        "repo": f"{seller.handle}/large-{xet}".lower(),
        "seed": secrets.token_hex(32),
        "blocks": blocks,
    }
    with pytest.raises(AssertionError):
        run(LARGE, folder=tmp_path / "first", dies=dies, **options)
    assert seller.souk.listings.get(options["repo"]).card == ""
    told = run(LARGE, folder=tmp_path / "second", dies="", **options)
    assert told["same"]
