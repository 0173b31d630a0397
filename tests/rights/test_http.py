"""Rights over HTTP: what each party, a stranger and nobody may see and do; public proofs."""

# ruff: noqa: ASYNC212 (the server is another process: a blocking client keeps nobody waiting)

import asyncio
import hashlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import httpx
import pytest
import pytest_asyncio
from psycopg.conninfo import make_conninfo

from souk.infra.keyring import Keyring
from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.clock import SystemClock
from souk.kernel.ids import new_id
from souk.rights.licences.service import LicenceService
from souk.rights.provenance.service import ProvenanceService
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.works import LicenceTerms
from souk_client.proofs import (
    KeySet,
    leaf_hash_of,
    read_jwks,
    verify_bundle,
    verify_checkpoint,
    verify_consistency,
    verify_inclusion,
    verify_licence,
)
from tests.conftest import APP_PASSWORD
from tests.rights.conftest import FILE_HASHES, FILES
from tests.serving import SECRET

pytestmark = pytest.mark.database

Sell = Callable[..., Awaitable[str]]

_numbers = itertools.count(1)
NOBODY = "lic_" + "0" * 26


class Person:
    """An account of its own and its way to the API."""

    def __init__(self, base_url: str, name: str) -> None:
        answer = httpx.post(
            f"{base_url}/api/v1/auth/register",
            json={
                "email": f"rights{next(_numbers)}@example.org",
                "password": "a long enough password",
                "name": name,
            },
        )
        assert answer.status_code == 201, answer.text
        session = answer.json()
        self.user_id = session["user"]["id"]
        self.organisation = OwnerRef(**session["user"]["organisation"])
        self.api = httpx.Client(
            base_url=f"{base_url}/api/v1",
            headers={"authorization": f"Bearer {session['access_token']}"},
        )


@pytest.fixture(scope="module")
def people(base_url: str) -> Iterator[list[Person]]:
    several = [Person(base_url, name) for name in ("Bob Buyer", "Ada Seller", "Eve Stranger")]
    yield several
    for person in several:
        person.api.close()


@pytest.fixture(scope="module")
def buyer(people: list[Person]) -> Person:
    return people[0]


@pytest.fixture(scope="module")
def seller(people: list[Person]) -> Person:
    return people[1]


@pytest.fixture(scope="module")
def stranger(people: list[Person]) -> Person:
    return people[2]


@pytest.fixture(scope="module")
def public(base_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{base_url}/api/v1") as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sell(session_owner_dsn: str, buyer: Person, seller: Person) -> AsyncIterator[Sell]:
    """Issues a licence in the running marketplace's database, as a checkout does."""
    dsn = make_conninfo(session_owner_dsn, user="souk_app", password=APP_PASSWORD)
    database = Database(dsn, pool_size=2, clock=SystemClock(), write_events=write_events)
    await database.open()
    keyring = Keyring(database, secret=SECRET)
    licences = LicenceService(
        provenance=ProvenanceService(keyring=keyring, origin="unused.example"), keyring=keyring
    )

    async def sell(terms: LicenceTerms | None = None) -> str:
        async with database.transaction(SYSTEM) as uow:
            licence = await licences.issue(
                uow,
                listing_id=new_id("lst", uow.now),
                listing_address="ada/iris",
                listing_title="Iris",
                version_id=new_id("ver", uow.now),
                version="1.0.0",
                spdx="Apache-2.0",
                terms=terms or LicenceTerms(),
                licensee_organisation=buyer.organisation,
                licensor_organisation=seller.organisation,
                order_id=new_id("ord", uow.now),
                files=FILES,
                entry_kind="sold",
            )
        return licence.id

    yield sell
    await database.close()


@pytest.fixture(scope="module")
def trusted(base_url: str) -> KeySet:
    return read_jwks(httpx.get(f"{base_url}/.well-known/souk-keys.json").content)


def problem(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    code: str = answer.json()["code"]
    return code


async def when_proven(client: httpx.Client, path: str) -> httpx.Response:
    """The answer, once the head is signed; until then 409 says when to come back."""
    deadline = time.monotonic() + 60
    while (answer := client.get(path)).status_code == 409:
        assert answer.json()["code"] == "proof_pending"
        assert answer.headers["retry-after"] == "1"
        assert time.monotonic() < deadline, "no head was signed"
        await asyncio.sleep(0.05)
    assert answer.status_code == 200, answer.text
    return answer


async def test_both_parties_read_the_licence_and_its_evidence_verifies_offline(
    sell: Sell, buyer: Person, seller: Person, trusted: KeySet
) -> None:
    licence_id = await sell()
    for party in (buyer, seller):
        licence = party.api.get(f"licences/{licence_id}").json()
        assert (licence["id"], licence["state"]) == (licence_id, "active")
        assert licence["licensee"]["id"] == buyer.organisation.id
    file = buyer.api.get(f"licences/{licence_id}/file")
    assert file.status_code == 200, file.text
    assert file.headers["content-type"] == "application/jose"
    assert f'filename="{licence_id}.jws"' in file.headers["content-disposition"]
    assert verify_licence(file.text, trusted).licence_id == licence_id
    bundle = await when_proven(buyer.api, f"licences/{licence_id}/bundle")
    now = SystemClock().now()
    assert verify_bundle(bundle.content, file_hashes=FILE_HASHES, trusted=trusted, now=now).ok


async def test_lists_are_of_the_callers_side_only(
    sell: Sell, buyer: Person, seller: Person, stranger: Person
) -> None:
    licence_id = await sell()

    def ids(person: Person, **query: str) -> list[str]:
        page = person.api.get("licences", params=query).json()
        return [licence["id"] for licence in page["items"]]

    assert licence_id in ids(buyer)
    assert licence_id not in ids(seller)
    assert licence_id in ids(seller, **{"as": "licensor"})
    assert ids(stranger) == []
    assert ids(stranger, **{"as": "licensor"}) == []
    foreign = stranger.api.get("licences", params={"organisation_id": buyer.organisation.id})
    assert problem(foreign, 404) == "organisation_unknown"


ROUTES = [
    ("GET", "licences/{id}", None),
    ("GET", "licences/{id}/check", None),
    ("GET", "licences/{id}/file", None),
    ("GET", "licences/{id}/bundle", None),
    ("GET", "licences/{id}/seats", None),
    ("POST", "licences/{id}/uses", {"uses": 1}),
    ("POST", "licences/{id}/seats", {"user_id": "usr_x"}),
    ("DELETE", "licences/{id}/seats/usr_x", None),
    ("POST", "licences/{id}/revoke", {"reason": "mine"}),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_a_stranger_is_told_it_is_not_there_and_nobody_to_sign_in(
    method: str,
    path: str,
    body: dict[str, object] | None,
    sell: Sell,
    buyer: Person,
    stranger: Person,
    public: httpx.Client,
) -> None:
    licence_id = await sell(LicenceTerms(kind="seats", seats=2))
    for name in (licence_id, NOBODY, "x", "lic'; --"):
        foreign = stranger.api.request(method, path.format(id=name), json=body)
        assert problem(foreign, 404) == "licence_unknown"
    anonymous = public.request(method, path.format(id=licence_id), json=body)
    assert anonymous.status_code in (401, 404)
    assert buyer.api.get(f"licences/{licence_id}").json()["state"] == "active"


async def test_the_holder_uses_what_is_counted_until_it_is_used_up(
    sell: Sell, buyer: Person, seller: Person
) -> None:
    licence_id = await sell(LicenceTerms(kind="counted", uses=3))
    path = f"licences/{licence_id}/uses"
    assert problem(seller.api.post(path, json={}), 403) == "licensee_only"
    assert buyer.api.post(path, json={"uses": 2}).json()["uses_left"] == 1
    too_many = buyer.api.post(path, json={"uses": 2})
    assert problem(too_many, 409) == "uses_too_few"
    assert too_many.json()["uses_left"] == 1
    assert buyer.api.post(path, json={}).json()["state"] == "used_up"
    assert problem(buyer.api.post(path, json={}), 409) == "licence_not_good"
    for wrong in ({"uses": 0}, {"uses": -1}, {"uses": 10**18}, {"use": 1}):
        assert problem(buyer.api.post(path, json=wrong), 422) == "body_invalid"


async def test_a_repeated_request_takes_uses_once(sell: Sell, buyer: Person) -> None:
    licence_id = await sell(LicenceTerms(kind="counted", uses=5))
    for _ in range(3):
        answer = buyer.api.post(
            f"licences/{licence_id}/uses", json={}, headers={"idempotency-key": licence_id}
        )
        assert answer.json()["uses_left"] == 4


async def test_the_holders_manager_gives_and_takes_back_seats(
    sell: Sell, buyer: Person, seller: Person, stranger: Person
) -> None:
    licence_id = await sell(LicenceTerms(kind="seats", seats=1))
    path = f"licences/{licence_id}/seats"
    given = buyer.api.post(path, json={"user_id": buyer.user_id})
    assert given.status_code == 201, given.text
    assert given.json()["name"] == "Bob Buyer"
    assert [s["user_id"] for s in seller.api.get(path).json()["items"]] == [buyer.user_id]
    outsider = buyer.api.post(path, json={"user_id": stranger.user_id})
    assert problem(outsider, 404) == "member_unknown"
    assert problem(seller.api.delete(f"{path}/{buyer.user_id}"), 403) == "licensee_only"
    assert buyer.api.delete(f"{path}/{buyer.user_id}").status_code == 204
    assert problem(buyer.api.delete(f"{path}/{buyer.user_id}"), 404) == "seat_unknown"


async def test_a_licence_with_seats_is_good_for_those_who_sit(
    sell: Sell, buyer: Person, seller: Person
) -> None:
    licence_id = await sell(LicenceTerms(kind="seats", seats=1))
    path = f"licences/{licence_id}/check"
    standing = buyer.api.get(path).json()
    assert (standing["good"], standing["state"]) == (False, "active")
    assert "seat" in standing["reason"]
    assert seller.api.get(path).json()["good"] is True  # the seller asks about the licence itself
    seat = buyer.api.post(f"licences/{licence_id}/seats", json={"user_id": buyer.user_id})
    assert seat.status_code == 201, seat.text
    assert buyer.api.get(path).json()["good"] is True


async def test_only_the_licensor_revokes_and_it_shows_at_once(
    sell: Sell, buyer: Person, seller: Person
) -> None:
    licence_id = await sell()
    path = f"licences/{licence_id}/revoke"
    assert problem(buyer.api.post(path, json={"reason": "no"}), 403) == "licensor_only"
    assert problem(seller.api.post(path, json={"reason": ""}), 422) == "body_invalid"
    revoked = seller.api.post(path, json={"reason": "charged back"}).json()
    assert (revoked["state"], revoked["revoked_reason"]) == ("revoked", "charged back")
    check = buyer.api.get(f"licences/{licence_id}/check").json()
    assert (check["good"], check["state"]) == (False, "revoked")
    assert problem(buyer.api.get(f"licences/{licence_id}/file"), 409) == "licence_not_good"


async def test_anybody_can_check_an_entry_and_the_growth_of_the_log(
    sell: Sell, buyer: Person, public: httpx.Client, trusted: KeySet
) -> None:
    licence_id = await sell()
    licence = buyer.api.get(f"licences/{licence_id}").json()
    entry_id = licence["provenance_entry_id"]
    proof = (await when_proven(public, f"provenance/entries/{entry_id}/proof")).json()
    head = verify_checkpoint(proof["head"]["checkpoint"], trusted)
    verify_inclusion(
        leaf_hash_of(proof["entry"]["body"]),
        leaf_index=proof["leaf_index"],
        tree_size=head.tree_size,
        proof=[bytes.fromhex(digest) for digest in proof["path"]],
        root=head.root,
    )
    await when_proven(
        buyer.api,
        f"licences/{await sell()}/bundle",
    )
    growth = public.get("provenance/consistency", params={"first": head.tree_size}).json()
    newer = verify_checkpoint(growth["head"]["checkpoint"], trusted)
    verify_consistency(
        first_size=head.tree_size,
        first_root=head.root,
        second_size=newer.tree_size,
        second_root=newer.root,
        proof=[bytes.fromhex(digest) for digest in growth["path"]],
    )
    assert newer.tree_size > head.tree_size
    checkpoint = public.get("provenance/checkpoint")
    assert checkpoint.headers["content-type"].startswith("text/plain")
    assert verify_checkpoint(checkpoint.text, trusted).tree_size >= newer.tree_size
    assert public.get("provenance/head").json()["origin"] == trusted.origin
    entry = public.get(f"provenance/entries/{entry_id}").json()
    assert buyer.organisation.id not in str(entry)
    log = public.get(
        "provenance/log", params={"kind": "sold", "listing_id": licence["listing_id"]}
    ).json()
    assert [found["id"] for found in log["items"]] == [entry_id]


def test_questions_that_make_no_sense_are_refused(public: httpx.Client) -> None:
    refused = [
        ("provenance/entries/prv_x", 404, "entry_unknown"),
        ("provenance/entries/prv_x/proof", 404, "entry_unknown"),
        ("provenance/consistency?first=0", 422, "body_invalid"),
        ("provenance/consistency?first=1&second=4611686018427387904", 404, "head_unknown"),
        ("provenance/consistency?first=1&second=99999999999999999999", 422, "body_invalid"),
        ("provenance/consistency?first=x", 422, "body_invalid"),
        ("provenance/consistency", 422, "body_invalid"),
        ("provenance/log?kind=stolen", 422, "body_invalid"),
        ("provenance/log?limit=101", 422, "body_invalid"),
        ("provenance/log?cursor=%00", 422, "cursor_invalid"),
        ("provenance/by-hash/xyz", 422, "body_invalid"),
        (f"provenance/by-hash/{'A' * 64}", 422, "body_invalid"),
    ]
    for path, status, code in refused:
        assert problem(public.get(path), status) == code, path


def test_a_hash_that_nobody_published_has_no_owner(public: httpx.Client) -> None:
    unknown = hashlib.sha256(b"never published").hexdigest()
    found = public.get(f"provenance/by-hash/{unknown}").json()
    assert found == {"sha256": unknown, "first_published": None, "entries": []}
