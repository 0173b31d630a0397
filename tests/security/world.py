"""A small market in which somebody owns private things of every kind."""

import hashlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from tests.compute.evaluation.models import nine_of_ten, wants_seven_columns
from tests.works.galleries.pictures import picture

PASSWORD = "a long enough password"
API = "/api/v1"


class Person:
    """An account, and plain HTTP in its name."""

    def __init__(self, base_url: str, name: str) -> None:
        self.email = f"{secrets.token_hex(6)}@guard.example.org"
        self.http = httpx.Client(base_url=base_url, timeout=30)
        session = self.do(
            "POST", "/auth/register", {"email": self.email, "password": PASSWORD, "name": name}
        )
        self.token: str = session["access_token"]
        self.refresh_token: str = session["refresh_token"]
        self.user_id: str = session["user"]["id"]
        self.organisation_id: str = session["user"]["organisation"]["id"]
        self.slug: str = session["user"]["organisation"]["slug"]
        self.http.headers["authorization"] = f"Bearer {self.token}"

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """One request; every unsafe one has an Idempotency-Key of its own."""
        headers = {} if method == "GET" else {"idempotency-key": secrets.token_hex(8)}
        if body is not None:
            options["json"] = body
        return self.http.request(method, f"{API}{path}", headers=headers, **options)

    def do(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """The answer of a request that must be accepted."""
        answer = self.ask(method, path, body, **options)
        assert answer.status_code < 300, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    def upload(self, content: bytes, filename: str = "data.txt", **fields: str) -> str:
        """Uploads a file in one part; its SHA-256."""
        upload = self.announce(content, filename, **fields)
        answer = self.http.put(f"{API}/uploads/{upload['id']}/parts/1", content=content)
        assert answer.status_code == 200, answer.text
        return str(self.do("POST", f"/uploads/{upload['id']}/complete")["sha256"])

    def announce(self, content: bytes, filename: str = "data.txt", **fields: str) -> Any:
        """Begins an upload."""
        sha256 = hashlib.sha256(content).hexdigest()
        about = {"filename": filename, "size_bytes": len(content), "sha256": sha256}
        return self.do("POST", "/uploads", {**about, **fields})

    def draft(self, **fields: Any) -> Any:
        """A draft listing with one offer."""
        slug = f"work-{secrets.token_hex(5)}"
        about = {"kind": "dataset", "slug": slug, "title": slug, "licence": "CC-BY-4.0"}
        return self.do("POST", "/listings", {**about, "price_minor": 700, **fields})

    def add_version(self, listing_id: str, sha256: str, path: str = "data.txt") -> Any:
        """Version 1.0.0 with one file."""
        files = [{"path": path, "sha256": sha256}]
        body = {"version": "1.0.0", "files": files}
        return self.do("POST", f"/listings/{listing_id}/versions", body)

    def publish(self, content: bytes | None = None, path: str = "data.txt", **fields: Any) -> Any:
        """A published listing with one file."""
        listing = self.draft(**fields)
        sha256 = self.upload(content or secrets.token_bytes(40).hex().encode(), path)
        self.add_version(listing["id"], sha256, path)
        return self.do("POST", f"/listings/{listing['id']}/publish")

    def close(self) -> None:
        self.http.close()


@dataclass(frozen=True, slots=True)
class World:
    """Ada's things, a buyer of hers, and Mallory, who has no business with either."""

    ada: Person
    grace: Person
    mallory: Person
    nobody: httpx.Client
    ids: dict[str, str]
    secret: str
    """A word in every private text of Ada's."""

    def fill(self, value: Any) -> Any:
        """The value with each `{name}` in its texts replaced by the id of that name."""
        if isinstance(value, str):
            return value.format_map(self.ids) if "{" in value else value
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if isinstance(value, dict):
            return {name: self.fill(item) for name, item in value.items()}
        return value

    def state(self) -> Any:
        """All that Ada and Grace can see of their own: nothing of it may change."""
        org, draft = self.ids["organisation_id"], self.ids["draft"]
        mine = [
            "/me",
            "/api-keys",
            "/me/wallets",
            "/wallet",
            "/orders?side=seller",
            "/promotions",
            "/licences?as=licensor",
            "/notices",
            "/listings",
            f"/listings/{draft}",
            f"/listings/{self.ids['published']}",
            f"/listings?organisation_id={org}",
            f"/organisations/{org}",
            f"/organisations/{org}/members",
            f"/organisations/{org}/invitations",
            f"/uploads/{self.ids['upload_id']}",
            f"/artifacts/{self.ids['sha256']}",
            f"/wallet?organisation_id={org}",
            f"/collections/{self.ids['collection_id']}",
            f"/collections?organisation_id={self.ids['personal_organisation']}",
            "/favourites",
            f"/listings/{self.ids['published']}/reviews",
            f"/reviews/{self.ids['review_id']}/history",
            "/saved-searches",
            "/following",
            "/cdn/sites",
        ]
        workspace = f"/workspaces/{self.ids['workspace_id']}"
        mine += ["/workspaces", workspace, f"{workspace}/locks", f"/plugins/{self.ids['plugin']}"]
        theirs = [f"/licences/{self.ids['licence_id']}", f"/orders/{self.ids['order_id']}"]
        theirs += ["/wallet", "/notices", f"/licences/{self.ids['licence_id']}/seats"]
        return {
            **{f"ada {path}": self.ada.do("GET", path) for path in mine},
            **{f"grace {path}": self.grace.do("GET", path) for path in theirs},
        }


def make_world(base_url: str) -> Iterator[World]:
    """Makes everything over the public API."""
    from tests.security.plugins import make_plugins  # it takes people of this module
    from tests.security.reviews import make_reviews  # likewise
    from tests.security.wallets import make_wallet  # likewise

    ada = Person(base_url, "Ada Lovelace")
    grace = Person(base_url, "Grace Hopper")
    mallory = Person(base_url, "Mallory")
    secret = f"hush{secrets.token_hex(6)}"
    shared = ada.do("POST", "/organisations", {"slug": f"org-{secret}", "name": "Analytical"})
    org = shared["id"]
    invited = ada.do(
        "POST", f"/organisations/{org}/invitations", {"email": f"{secret}@guard.example.org"}
    )
    key = ada.do("POST", "/api-keys", {"name": secret})
    private = ada.upload(secret.encode() * 3, f"{secret}.txt")
    draft = ada.draft(title=secret, summary=secret, card=f"# {secret}", tags=[secret])
    ada.add_version(draft["id"], private, f"{secret}.txt")
    upload = ada.announce(secret.encode() * 5, f"{secret}.bin")
    ada.http.put(f"{API}/uploads/{upload['id']}/parts/1", content=secret.encode() * 5)
    seats = {"terms": {"kind": "seats", "seats": 3}, "price_minor": 500}
    data = ada.publish(nine_of_ten(), "data.csv", price_minor=0)
    claim = {"name": "accuracy", "value": 0.9}
    model = ada.publish(wants_seven_columns(), "model.onnx", kind="model", metrics=[claim])
    evaluation = ada.do(
        "POST",
        f"/listings/{model['id']}/evaluations",
        {"dataset": data["address"], "target": "label"},
    )
    picture_sha = ada.upload(picture(64, 48), "picture.png")
    image = ada.do(
        "POST", f"/listings/{draft['id']}/images", {"sha256": picture_sha, "alt": secret}
    )
    published = ada.publish(price_minor=None, offers=[seats])
    money = {"amount_minor": 90_000, "currency": "USD"}
    deposit = ada.do("POST", "/wallet/deposits", money)
    ada.do("POST", "/wallet/deposits", {**money, "organisation_id": org})
    grace.do("POST", "/wallet/deposits", money)
    mallory.do("POST", "/wallet/deposits", money)
    code = {"code": "HUSH-10", "percent_off": 10}
    promotion = ada.do("POST", "/promotions", code)
    order = grace.do(
        "POST", "/orders", {"listing_id": published["id"], "promotion_code": "HUSH-10"}
    )
    grace.do("POST", f"/licences/{order['licence_id']}/seats", {"user_id": grace.user_id})
    certificate = grace.do("PUT", f"/licences/{order['licence_id']}/certificate", {})
    told = {"listing_id": published["id"], "event": "reviewed.by.hand"}
    ada.do("POST", "/provenance/events", {"events": [told]})
    files = grace.do("GET", f"/licences/{order['licence_id']}/files")["items"]
    assert grace.http.get(files[0]["url"]).status_code == 200
    own = mallory.publish()
    plugins = make_plugins(ada, secret)
    reviews = make_reviews(base_url, ada, grace, published["id"])
    kept = {"title": "Kept things", "description": secret, "visibility": "private"}
    collection = ada.do("POST", "/collections", kept)
    ada.do(
        "PUT",
        f"/collections/{collection['id']}/items",
        {"listing_id": published["id"], "note": secret},
    )
    ada.do("PUT", f"/favourites/{own['id']}")
    ada.do("PUT", f"/organisations/{grace.slug}/follow")
    ada.do("PUT", f"/organisations/{ada.organisation_id}/billing", {"country": "GB"})
    ada.do("PATCH", f"/storefronts/{ada.slug}", {"about": "I make engines."})
    ada.do("POST", f"/storefronts/{ada.slug}/identity", {"evidence": f"{secret}, in the register"})
    grace.do("GET", f"/listings/{published['id']}")
    grace.do("GET", "/search?q=anything")
    site = ada.do(
        "POST",
        "/cdn/sites",
        {"name": secret, "upstream": "https://o.example.org", "hosts": ["w.example.org"]},
    )
    saved = ada.do("POST", "/saved-searches", {"name": secret, "query": secret})
    ids = {
        "organisation_id": org,
        "personal_organisation": ada.organisation_id,
        "user_id": ada.user_id,
        "grace": grace.user_id,
        "buyers_organisation": grace.organisation_id,
        "invitation_id": invited["id"],
        "key_id": key["id"],
        "sha256": private,
        "draft": draft["id"],
        "draft_slug": draft["slug"],
        "draft_offer": draft["offers"][0]["id"],
        "owner": ada.slug,
        "upload_id": upload["id"],
        "image_id": image["id"],
        "saved_search_id": saved["id"],
        "site_id": site["id"],
        "evaluation_id": evaluation["id"],
        "published": published["id"],
        "collection_id": collection["id"],
        "collection_slug": collection["address"].rpartition("/")[2],
        "published_offer": published["offers"][0]["id"],
        "deposit_id": deposit["id"],
        "order_id": order["id"],
        "promotion_id": promotion["id"],
        "licence_id": order["licence_id"],
        "certificate_code": certificate["code"],
        "entry_id": order["provenance_entry_id"],
        "notice_id": _first_notice(grace, ada),
        "mallory": mallory.user_id,
        "own_organisation": mallory.organisation_id,
        "own_listing": own["id"],
        **plugins,
        **reviews,
        **make_wallet(ada, secret),
    }
    _await_numbers(ada, published["id"])
    nobody = httpx.Client(base_url=base_url, timeout=30)
    yield World(ada, grace, mallory, nobody, ids, secret)
    for client in (ada, grace, mallory, nobody):
        client.close()


def _await_numbers(seller: Person, listing_id: str) -> None:
    """Until the view and the sale are counted."""
    for _ in range(200):
        totals = seller.do("GET", f"/analytics/listings/{listing_id}")["totals"]
        if totals["views"] and totals["orders"]:
            return
        time.sleep(0.05)
    raise AssertionError("nothing was counted")


def _first_notice(*people: Person) -> str:
    for _ in range(100):
        for person in people:
            items = person.do("GET", "/notices")["items"]
            if items:
                return str(items[0]["id"])
    raise AssertionError("nobody was told of the sale")
