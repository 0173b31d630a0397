"""Assets over HTTP: put, fetched, replaced, deleted, and never anybody's else."""

import hashlib
import secrets
from collections.abc import Iterator

import httpx
import pytest

from tests.delivery.assets.owner import Owner
from tests.market import organisation_of, refused, sign_up

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def ada(base_url: str) -> Iterator[Owner]:
    owner = Owner(base_url)
    yield owner
    owner.close()


def test_what_is_put_can_be_fetched_by_everybody(ada: Owner) -> None:
    content = secrets.token_bytes(5000)
    asset = ada.put("data/blob.bin", content)
    assert asset.state == "live"
    answer = httpx.get(asset.url)
    assert answer.content == content
    assert answer.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "public, max-age=300, s-maxage=86400"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["surrogate-key"] == f"asset:{asset.id} assets:{ada.organisation_id}"
    assert "set-cookie" not in answer.headers


def test_the_same_again_changes_nothing_and_other_content_replaces(ada: Owner) -> None:
    first = ada.put("notes/a.txt", b"one one one")
    again = ada.put("notes/a.txt", b"one one one")
    assert again == first
    other = ada.put("notes/a.txt", b"two", max_age_s=5)
    assert (other.id, other.url) == (first.id, first.url)
    assert other.changed_at > first.changed_at
    answer = ada.fetch(other)
    assert (answer.text, answer.headers["content-type"]) == ("two", "text/plain; charset=utf-8")
    assert "max-age=5," in answer.headers["cache-control"]


def test_deleting_takes_it_away_and_says_so(ada: Owner) -> None:
    asset = ada.put("gone.txt", b"soon gone")
    gone = ada.souk.assets.delete(asset.id)
    assert (gone.id, gone.path) == (asset.id, "gone.txt")
    answer = ada.fetch(asset)
    assert (answer.status_code, answer.json()["code"]) == (404, "asset_unknown")
    with refused("asset_unknown", 404):
        ada.souk.assets.delete(asset.id)


def test_assets_are_listed_page_by_page_and_by_prefix(base_url: str) -> None:
    owner = Owner(base_url)
    for path in ("b/1.txt", "a/2.txt", "a/1.txt", "Z.txt"):
        owner.put(path, path.encode())
    first = owner.souk.assets.list(limit=3)
    assert [one.path for one in first.items] == ["Z.txt", "a/1.txt", "a/2.txt"]
    rest = owner.souk.assets.list(limit=3, cursor=first.next_cursor)
    assert [one.path for one in rest.items] == ["b/1.txt"]
    below = owner.souk.assets.list(prefix="a/")
    assert [one.path for one in below.items] == ["a/1.txt", "a/2.txt"]
    usage = owner.souk.assets.usage()
    assert (usage.assets, usage.used_bytes) == (4, 5 + 7 + 7 + 7)
    owner.close()


def test_others_see_and_change_nothing(ada: Owner, base_url: str) -> None:
    asset = ada.put("mine.txt", b"Ada's own")
    mallory = sign_up(base_url, "Mallory")
    for attempt in (mallory.assets.get, mallory.assets.delete, mallory.assets.purge):
        with refused("asset_unknown", 404):
            attempt(asset.id)
    with refused("organisation_unknown", 404):
        mallory.assets.list(organisation_id=ada.organisation_id)
    with refused("organisation_unknown", 404):
        mallory.assets.put("x.txt", asset.sha256, organisation_id=ada.organisation_id)
    with refused("artifact_unknown", 404):
        mallory.assets.put("x.txt", asset.sha256)
    assert mallory.assets.usage().organisation_id == organisation_of(mallory)
    assert ada.fetch(asset).text == "Ada's own"


def test_paths_that_are_no_addresses_are_refused(ada: Owner) -> None:
    asset = ada.put("fine.txt", b"fine")
    wrong = ("../up", "/x", "a//b", "a/./b", "a\\b", "a?b", "a#b", "a%2fb", "x\n", "con.txt", "a;b")
    for path in (*wrong, ".well-known/acme-challenge/x"):
        with refused("asset_path_invalid", 422):
            ada.souk.assets.put(path, asset.sha256)


def test_names_of_every_script_have_an_address(ada: Owner) -> None:
    asset = ada.put("bilder/übersicht 東京.txt", b"signs")
    assert "%C3%BC" in asset.url
    assert ada.fetch(asset).text == "signs"


def test_revalidation_ranges_and_head(ada: Owner) -> None:
    content = bytes(range(256)) * 20
    asset = ada.put("range.bin", content)
    etag = ada.fetch(asset).headers["etag"]
    known = ada.fetch(asset, if_none_match=f'"x", {etag}')
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", etag)
    modified = ada.fetch(asset).headers["last-modified"]
    assert ada.fetch(asset, if_modified_since=modified).status_code == 304
    assert ada.fetch(asset, if_modified_since="yesterday").status_code == 200
    part = ada.fetch(asset, range="bytes=10-19")
    assert (part.status_code, part.content) == (206, content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(content)}"
    assert ada.fetch(asset, range="bytes=-5").content == content[-5:]
    assert ada.fetch(asset, range="bytes=10-19", if_range='"other"').content == content
    assert ada.fetch(asset, range="bytes=99999-").status_code == 416
    assert ada.fetch(asset, range="bytes=5-1").status_code == 200
    assert ada.fetch(asset, range="bytes=0-1,5-6").content == content
    head = ada.http.head(asset.url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(content))


def test_a_document_at_the_shared_address_runs_nothing(ada: Owner) -> None:
    page = ada.put("p.html", b"<!doctype html><title>x</title><script>alert(1)</script>")
    active = b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
    with refused("asset_refused", 409):
        ada.put("active.svg", active)
    picture = ada.put("p.svg", active.replace(b"script", b"title"))
    for asset, kind in ((page, "text/html"), (picture, "image/svg+xml")):
        answer = ada.fetch(asset)
        assert answer.headers["content-type"].startswith(kind)
        policy = answer.headers["content-security-policy"].split("; ")
        assert "sandbox" in policy
        assert "default-src 'none'" in policy
        assert not any(rule.startswith("script-src") for rule in policy)


def test_pages_of_the_marketplace_cannot_run_what_sellers_upload(ada: Owner) -> None:
    script = ada.put("app.js", b"alert(document.cookie);")
    for dest in ("script", "worker", "serviceworker", "style", "image", "empty"):
        answer = ada.fetch(script, sec_fetch_site="same-origin", sec_fetch_dest=dest)
        assert (answer.status_code, answer.json()["code"]) == (403, "asset_not_for_pages"), dest
    assert ada.fetch(script, service_worker="script").status_code == 403
    elsewhere = ada.fetch(script, sec_fetch_site="cross-site", sec_fetch_dest="script")
    assert elsewhere.status_code == 200
    assert elsewhere.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "sec-fetch-dest" in elsewhere.headers["vary"]


def test_types_can_be_told_and_are_checked(ada: Owner) -> None:
    asset = ada.put("model", b"{}", media_type="application/vnd.example+json")
    assert ada.fetch(asset).headers["content-type"] == "application/vnd.example+json"
    for wrong in ("text", "text/html\r\nx: y", "a/b; charset=utf-8; x=y", "TEXT/HTML"):
        with refused("body_invalid", 422):
            ada.souk.assets.put("model", asset.sha256, media_type=wrong)


def test_what_is_nobody_s_is_not_found(ada: Owner) -> None:
    for path in ("/a/nobody/x.txt", "/a/nobody", "/a//x", f"/a/{'x' * 3000}/y"):
        assert ada.fetch(path).status_code == 404, path
    assert ada.fetch("/a/nobody/x.txt", souk_node="nod_x.forged").status_code == 404
