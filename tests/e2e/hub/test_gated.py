"""Paid work is gated: the refusal says where to get access, and a licence opens it at once."""

from pathlib import Path
from typing import Any

import pytest

from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import OfferRequest
from tests.e2e.hub.clients import LIMIT_S, run
from tests.e2e.hub.conftest import Person

pytestmark = pytest.mark.timeout(LIMIT_S)

PUSH = """
api.create_repo(repo, repo_type=given["type"])
api.upload_file(repo_id=repo, repo_type=given["type"], path_in_repo="README.md",
                path_or_fileobj=b"---\\nlicense: apache-2.0\\ntags: [gated]\\n---\\nWords.\\n")
told["oid"] = api.upload_file(repo_id=repo, repo_type=given["type"], path_in_repo="data.bin",
                              path_or_fileobj=bytes.fromhex(given["content"])).oid
"""

PUBLISH = """
import time
give_up = time.monotonic() + 90
while True:
    try:
        api.update_repo_settings(repo, repo_type=given["type"], private=False)
        break
    except errors.HfHubHTTPError as error:
        if "still being scanned" not in str(error) or time.monotonic() > give_up:
            raise
told["tags"] = [tag.name for tag in api.list_repo_refs(repo, repo_type=given["type"]).tags]
"""

LOOK = """
kind = given["type"]
info = api.repo_info(repo, repo_type=kind)
told["gated"], told["private"], told["sha"] = info.gated, info.private, info.sha
told["files"] = api.list_repo_files(repo, repo_type=kind)
told["branches"] = [branch.name for branch in api.list_repo_refs(repo, repo_type=kind).branches]
try:
    api.auth_check(repo, repo_type=kind)
    there = Path(snapshot_download(repo, repo_type=kind, cache_dir=folder / "cache"))
    told["content"] = (there / "data.bin").read_bytes().hex()
    told["version"] = Path(api.hf_hub_download(
        repo, "data.bin", repo_type=kind, revision="1.0.0", cache_dir=folder / "other"
    )).read_bytes().hex()
except errors.GatedRepoError as error:
    told["refused"] = str(error)
    told["status"] = error.response.status_code
"""

CONTENT = bytes(range(256)) * 300


def test_a_paid_dataset_opens_with_the_licence(
    base_url: str, seller: Person, buyer: Person, tmp_path: Path
) -> None:
    repo = f"{seller.handle}/paid"
    options: dict[str, Any] = {"base_url": base_url, "repo": repo, "type": "dataset"}
    pushed = run(PUSH, key=seller.key, folder=tmp_path / "push", content=CONTENT.hex(), **options)
    listing = seller.souk.listings.get(repo)
    assert (listing.kind, listing.state, listing.tags) == ("dataset", "draft", ["gated"])
    seller.souk.listings.add_offer(listing.id, OfferRequest(price_minor=500))
    published = run(PUBLISH, key=seller.key, folder=tmp_path / "publish", **options)
    assert published["tags"] == ["1.0.0"]

    before = run(LOOK, key=buyer.key, folder=tmp_path / "before", **options)
    assert (before["gated"], before["private"]) == ("auto", False)
    assert before["sha"] == pushed["oid"]
    assert before["files"] == ["README.md", "data.bin"]
    assert before["branches"] == ["main"]
    assert before["status"] == 403
    assert "needs a licence, and you hold none" in before["refused"]
    assert f"{base_url}/{repo}" in before["refused"]

    nobody = run(LOOK, key=None, folder=tmp_path / "nobody", **options)
    assert "send your API key" in nobody["refused"]

    buyer.souk.orders.create(OrderRequest(listing_id=listing.id))
    for xet in (False, True):
        after = run(LOOK, key=buyer.key, folder=tmp_path / f"after-{xet}", xet=xet, **options)
        assert after["content"] == after["version"] == CONTENT.hex()
    own = run(LOOK, key=seller.key, folder=tmp_path / "own", **options)
    assert own["content"] == CONTENT.hex()


def test_what_is_given_away_is_open_to_everybody(
    base_url: str, seller: Person, buyer: Person, tmp_path: Path
) -> None:
    repo = f"{seller.handle}/free"
    options: dict[str, Any] = {"base_url": base_url, "repo": repo, "type": "model"}
    run(PUSH, key=seller.key, folder=tmp_path / "push", content=CONTENT.hex(), **options)
    listing = seller.souk.listings.get(repo)
    seller.souk.listings.add_offer(listing.id, OfferRequest(price_minor=0))
    run(PUBLISH, key=seller.key, folder=tmp_path / "publish", **options)
    for name, key in (("nobody", None), ("buyer", buyer.key)):
        told = run(LOOK, key=key, folder=tmp_path / name, xet=False, **options)
        assert told["gated"] is False
        assert told["content"] == CONTENT.hex()
    assert seller.souk.listings.get(repo).downloads == 1
