"""Listings over HTTP: drafted, versioned, published, rolled back, retired; and kept apart."""

import os

import httpx
import pytest

from tests.works.artifacts.scan import samples
from tests.works.plugins import samples as plugins
from tests.works.selling import Seller, code, good

pytestmark = [pytest.mark.database, pytest.mark.filterwarnings("ignore:EdDSA is deprecated")]
KINDS = [
    "model", "dataset", "api", "plugin", "design", "template", "material", "agent", "compute",
]  # fmt: skip


def plugin_files(address: str) -> dict[str, bytes]:
    """What the version of a plug-in needs at least."""
    return {"plugin.toml": plugins.manifest(address).encode(), "run.wasm": plugins.wasm("run")}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_goes_from_draft_to_the_market_and_off_it(
    ada: Seller, anybody: httpx.Client, kind: str
) -> None:
    listing = ada.draft(kind=kind)
    assert listing["state"] == "draft"
    assert listing["address"] == f"{ada.handle}/{listing['slug']}"
    assert code(anybody.get(f"/listings/{listing['id']}"), 404) == "listing_unknown"

    files = plugin_files(listing["address"]) if kind == "plugin" else None
    version = ada.add_version(listing, files=files)
    published = good(ada.http.post(f"/listings/{listing['id']}/publish"))
    assert published["state"] == "published"
    seen = good(anybody.get(f"/listings/by-address/{listing['address']}"))
    assert [v["id"] for v in seen["versions"]] == [version["id"]]
    assert seen["versions"][0]["files"][0]["scan"]["state"] == "clean"
    assert good(anybody.get(f"/artifacts/{version['files'][0]['sha256']}"))

    retired = good(ada.http.post(f"/listings/{listing['id']}/retire"))
    assert retired["state"] == "retired"
    mine = good(ada.http.get("/listings", params={"state": "retired", "limit": 100}))
    assert listing["id"] in [item["id"] for item in mine["items"]]
    others = good(anybody.get("/listings", params={"organisation_id": ada.organisation_id}))
    assert listing["id"] not in [item["id"] for item in others["items"]]
    assert good(ada.http.post(f"/listings/{listing['id']}/publish"))["state"] == "published"


def test_publishing_says_what_is_missing(ada: Seller) -> None:
    listing = ada.draft(licence=None, price_minor=None)
    answer = ada.http.post(f"/listings/{listing['id']}/publish")
    assert code(answer, 409) == "publish_incomplete"
    assert answer.json()["missing"] == [
        "a licence",
        "a version with files",
        "an active offer",
    ]


def test_regions_are_parts_of_the_world(ada: Seller) -> None:
    listing = ada.draft(card="---\nregions: [na, eu]\n---\n# Here only\n")
    assert listing["regions"] == ["eu", "na"]
    path = f"/listings/{listing['id']}"
    assert good(ada.http.patch(path, json={"regions": []}))["regions"] == []
    assert good(ada.http.patch(path, json={"regions": ["oc", "oc"]}))["regions"] == ["oc"]
    code(ada.http.patch(path, json={"regions": ["moon"]}), 422)
    card = "---\nregions: [moon]\n---\n"
    assert code(ada.http.patch(path, json={"card": card}), 422) == "card_invalid"


def test_publishing_again_changes_nothing(ada: Seller) -> None:
    listing = ada.published()
    assert good(ada.http.post(f"/listings/{listing['id']}/publish")) == listing


def test_an_unsafe_file_keeps_a_listing_off_the_market(ada: Seller, tmp_path: os.PathLike) -> None:
    listing = ada.draft(kind="model")
    trace = os.path.join(tmp_path, os.urandom(4).hex())  # noqa: PTH118
    bad = samples.pickled(samples.RunsCode(trace))  # type: ignore[arg-type]
    ada.add_version(listing, files={"model.pkl": bad, "README.md": b"# Fine"})
    answer = ada.http.post(f"/listings/{listing['id']}/publish")
    assert code(answer, 409) == "artifact_quarantined"
    assert "posix.system" in answer.json()["files"]["model.pkl"][0]
    assert list(answer.json()["files"]) == ["model.pkl"]
    assert not os.path.exists(trace)  # noqa: PTH110
    ada.add_version(listing, "1.0.1", files={"model.onnx": samples.onnx_model()})
    published = good(ada.http.post(f"/listings/{listing['id']}/publish"))
    assert published["versions"][0]["published_at"]
    assert published["versions"][1]["published_at"] is None


def test_a_program_belongs_into_a_plugin_not_into_a_model(ada: Seller) -> None:
    program = b"\x7fELF" + os.urandom(60)
    model, plugin = ada.draft(kind="model"), ada.draft(kind="plugin")
    for listing in (model, plugin):
        files = {"bin/tool": program, **plugin_files(plugin["address"])}
        ada.add_version(listing, files=files)
    answer = ada.http.post(f"/listings/{model['id']}/publish")
    assert code(answer, 409) == "executable_refused"
    assert good(ada.http.post(f"/listings/{plugin['id']}/publish"))["state"] == "published"


class TestVersions:
    def test_never_move(self, ada: Seller) -> None:
        listing = ada.draft()
        first = ada.add_version(listing, "1.0.0")
        artifact = ada.upload(os.urandom(9))
        body = {"version": "1.0.0", "files": [{"path": "x", "sha256": artifact["sha256"]}]}
        address = f"/listings/{listing['id']}/versions"
        assert code(ada.http.post(address, json=body), 409) == "version_taken"
        assert good(ada.http.get(f"{address}/1.0.0")) == ada.http.get(f"{address}/1.0.0").json()
        assert good(ada.http.get(f"{address}/1.0.0"))["revision_id"] == first["revision_id"]

    def test_the_best_published_one_is_what_buyers_get(self, ada: Seller) -> None:
        listing = ada.draft()
        address = f"/listings/{listing['id']}"
        for number in ("2.0.0", "1.5.0", "3.0.0-rc.1"):
            ada.add_version(listing, number)
            good(ada.http.post(f"{address}/publish", json={"version": number}))
        assert current_version(ada, listing) == "2.0.0"

    def test_roll_back(self, ada: Seller) -> None:
        listing = ada.draft()
        address = f"/listings/{listing['id']}"
        for number in ("1.0.0", "2.0.0"):
            ada.add_version(listing, number)
            good(ada.http.post(f"{address}/publish"))
        good(ada.http.post(f"{address}/versions/1.0.0/current"))
        assert current_version(ada, listing) == "1.0.0"
        ada.add_version(listing, "1.0.1")
        assert code(ada.http.post(f"{address}/versions/1.0.1/current"), 409) == (
            "version_not_published"
        )
        good(ada.http.post(f"{address}/publish"))
        assert current_version(ada, listing) == "1.0.0"
        ada.add_version(listing, "2.0.1")
        good(ada.http.post(f"{address}/publish"))
        assert current_version(ada, listing) == "2.0.1"

    def test_unpublished_ones_are_the_owners_alone(
        self, ada: Seller, anybody: httpx.Client
    ) -> None:
        listing = ada.published()
        ada.add_version(listing, "9.0.0")
        address = f"/listings/{listing['id']}"
        assert code(anybody.get(f"{address}/versions/9.0.0"), 404) == "version_unknown"
        assert len(good(anybody.get(address))["versions"]) == 1
        assert len(good(ada.http.get(address))["versions"]) == 2

    @pytest.mark.parametrize(
        "path", ["../x", "/x", "a\\b", "a\u0000", "a//b", "CON", "x" * 600, "a/../../b", " "]
    )
    def test_unsafe_paths(self, ada: Seller, path: str) -> None:
        listing = ada.draft()
        artifact = ada.upload(b"anything")
        body = {"version": "1.0.0", "files": [{"path": path, "sha256": artifact["sha256"]}]}
        answer = ada.http.post(f"/listings/{listing['id']}/versions", json=body)
        assert code(answer, 422) in {"path_invalid", "body_invalid"}

    def test_paths_that_differ_only_by_case(self, ada: Seller) -> None:
        listing = ada.draft()
        sha256 = ada.upload(b"anything")["sha256"]
        files = [{"path": "A", "sha256": sha256}, {"path": "a", "sha256": sha256}]
        body = {"version": "1.0.0", "files": files}
        answer = ada.http.post(f"/listings/{listing['id']}/versions", json=body)
        assert code(answer, 422) == "path_invalid"

    @pytest.mark.parametrize("version", ["1", "1.0", "v1.0.0", "01.0.0", "1.0.0 ", "1.0.0/../x"])
    def test_numbers_that_are_none(self, ada: Seller, version: str) -> None:
        listing = ada.draft()
        body = {"version": version, "files": [{"path": "x", "sha256": "0" * 64}]}
        assert code(ada.http.post(f"/listings/{listing['id']}/versions", json=body), 422)


class TestEditing:
    def test_changes_only_what_was_given(self, ada: Seller) -> None:
        listing = ada.published(tags=["kept"])
        update = {"title": "Better", "metrics": [{"name": "rows", "value": 150}]}
        edited = good(ada.http.patch(f"/listings/{listing['id']}", json=update))
        assert (edited["title"], edited["tags"]) == ("Better", ["kept"])
        assert edited["metrics"][0]["value"] == 150
        assert edited["updated_at"] > listing["updated_at"]

    @pytest.mark.parametrize(
        "update",
        [
            {"licence": "nonsense-1.0"},
            {"card": "---\na: [\n---\n"},
            {"title": ""},
            {"title": "a\nb"},
            {"tags": ["x" * 61]},
            {"metrics": [{"name": "a", "value": "NaN"}]},
            {"compatibility": {"min_memory_gb": "NaN"}},
            {"slug": "other"},
            {"state": "published"},
            {"card": "x" * 200_001},
        ],
    )
    def test_refuses_what_cannot_be(self, ada: Seller, update: dict) -> None:
        listing = ada.draft()
        assert code(ada.http.patch(f"/listings/{listing['id']}", json=update), 422)
        assert good(ada.http.get(f"/listings/{listing['id']}")) == listing

    def test_an_unsafe_card_is_kept_as_text(self, ada: Seller) -> None:
        card = "# Hi\n<script>alert(1)</script> [x](javascript:alert(1))"
        listing = ada.draft(card=card)
        assert listing["card"] == card


class TestCreating:
    def test_a_slug_is_taken_once_per_owner(self, ada: Seller, bob: Seller) -> None:
        listing = ada.draft()
        again = ada.http.post("/listings", json=ada.listing_body(slug=listing["slug"]))
        assert code(again, 409) == "slug_taken"
        assert bob.draft(slug=listing["slug"])["address"] != listing["address"]

    @pytest.mark.parametrize(
        "changes",
        [
            {"slug": "Upper"}, {"slug": "-x"}, {"slug": "a/b"}, {"slug": ""}, {"slug": "x" * 97},
            {"kind": "thing"}, {"title": ""}, {"licence": "Nope-1.0"}, {"price_minor": -1},
            {"price_minor": 10**15 + 1}, {"price_minor": 1.5}, {"price_minor": 2**64},
            {"currency": "XXX"}, {"currency": "usd"}, {"tags": ["a\u0000b"]}, {"unknown": 1},
            {"price_minor": 1, "offers": [{"price_minor": 2}]},
            {"price_minor": None, "offers": [{"price_minor": 1}, {"price_minor": 2}]},
            {"summary": "x" * 301}, {"title": "a\u0000b"}, {"card": "a\u0000b"},
        ],
    )  # fmt: skip
    def test_refuses_what_cannot_be(self, ada: Seller, changes: dict) -> None:
        body = {**ada.listing_body(), **changes}
        body = {name: value for name, value in body.items() if value is not None}
        assert code(ada.http.post("/listings", json=body), 422)

    def test_needs_somebody(self, ada: Seller, bob: Seller, anybody: httpx.Client) -> None:
        assert code(anybody.post("/listings", json=ada.listing_body()), 401) == "sign_in_needed"
        body = bob.listing_body(organisation_id=ada.organisation_id)
        assert code(bob.http.post("/listings", json=body), 404) == "organisation_unknown"


class TestOthers:
    def test_do_not_see_a_draft(self, ada: Seller, bob: Seller) -> None:
        listing = ada.draft()
        sha256 = "0" * 64
        version = {"version": "1.0.0", "files": [{"path": "x", "sha256": sha256}]}
        address = f"/listings/{listing['id']}"
        answers = [
            bob.http.get(address),
            bob.http.get(f"/listings/by-address/{listing['address']}"),
            bob.http.patch(address, json={"title": "Mine"}),
            bob.http.post(f"{address}/publish"),
            bob.http.post(f"{address}/retire"),
            bob.http.post(f"{address}/versions", json=version),
            bob.http.post(f"{address}/offers", json={"price_minor": 1}),
        ]
        assert {code(answer, 404) for answer in answers} == {"listing_unknown"}
        assert code(bob.http.get(f"{address}/versions/1.0.0"), 404) == "version_unknown"
        offer = listing["offers"][0]["id"]
        change = {"price_minor": 1}
        assert code(bob.http.patch(f"/offers/{offer}", json=change), 404) == "offer_unknown"
        assert code(bob.http.delete(f"/offers/{offer}"), 404) == "offer_unknown"

    def test_cannot_change_what_they_see(self, ada: Seller, bob: Seller) -> None:
        listing = ada.published()
        version = {"version": "6.6.6", "files": [{"path": "x", "sha256": "0" * 64}]}
        address = f"/listings/{listing['id']}"
        offer = listing["offers"][0]["id"]
        answers = [
            bob.http.patch(address, json={"title": "Mine"}),
            bob.http.post(f"{address}/publish"),
            bob.http.post(f"{address}/retire"),
            bob.http.post(f"{address}/versions", json=version),
            bob.http.post(f"{address}/versions/1.0.0/current"),
            bob.http.post(f"{address}/offers", json={"price_minor": 1}),
            bob.http.patch(f"/offers/{offer}", json={"price_minor": 1}),
            bob.http.delete(f"/offers/{offer}"),
        ]
        assert {code(answer, 403) for answer in answers} == {"not_listing_manager"}
        assert good(bob.http.get(address)) == listing

    def test_are_told_to_sign_in(self, ada: Seller, anybody: httpx.Client) -> None:
        listing = ada.published()
        answer = anybody.patch(f"/listings/{listing['id']}", json={"title": "Mine"})
        assert code(answer, 401) == "sign_in_needed"


def test_lists_are_paged(ada: Seller) -> None:
    made = [ada.draft()["id"] for _ in range(5)]
    found: list[str] = []
    cursor = None
    while True:
        params = {"limit": 2, "state": "draft"} | ({"cursor": cursor} if cursor else {})
        page = good(ada.http.get("/listings", params=params))
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found[:5] == made[::-1]
    assert len(set(found)) == len(found)
    assert code(ada.http.get("/listings", params={"cursor": "nonsense"}), 422) == "cursor_invalid"
    assert ada.http.get("/listings", params={"limit": 101}).status_code == 422


def current_version(ada: Seller, listing: dict) -> str | None:
    items = good(ada.http.get("/listings", params={"limit": 100}))["items"]
    return next(item["version"] for item in items if item["id"] == listing["id"])
