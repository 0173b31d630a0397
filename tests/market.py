"""A market for tests: sellers with published works and buyers with money, over the public API."""

import itertools
import secrets
import tempfile
from pathlib import Path
from typing import Any

import pytest

from souk_client.contracts.works import Listing, ListingRequest, VersionFile
from souk_client.sdk import Souk, SoukApiError

PASSWORD = "a long enough password"
_numbers = itertools.count(1)
_clients: list[Souk] = []


def connect(base_url: str, **options: Any) -> Souk:
    """A client that the end of the test run closes."""
    client = Souk(base_url, **options)
    _clients.append(client)
    return client


def close_clients() -> None:
    """Closes every client that tests opened."""
    while _clients:
        _clients.pop().close()


def sign_up(base_url: str, name: str = "Ada Lovelace") -> Souk:
    """A new account's client."""
    client = connect(base_url)
    email = f"user{next(_numbers)}-{secrets.token_hex(4)}@market.example.org"
    client.auth.register(email=email, password=PASSWORD, name=name)
    return client


def organisation_of(client: Souk) -> str:
    """The id of a client's personal organisation."""
    return client.account.get().user.organisation.id


def slug_of(client: Souk) -> str:
    """The slug of a client's personal organisation."""
    return client.account.get().user.organisation.slug


def funded(base_url: str, amount_minor: int = 100_000, currency: str = "USD") -> Souk:
    """A buyer with money."""
    client = sign_up(base_url, "Grace Hopper")
    client.wallet.deposit(amount_minor=amount_minor, currency=currency)
    return client


def available(client: Souk, currency: str = "USD") -> int:
    """What is in a wallet."""
    found = [b for b in client.wallet.get().balances if b.currency == currency]
    return found[0].available_minor if found else 0


def publish(
    seller: Souk, *, content: bytes | None = None, filename: str = "data.txt", **fields: Any
) -> Listing:
    """Publishes a work of one small file; `offers` or `price_minor` say what it costs."""
    slug = f"work-{next(_numbers)}-{secrets.token_hex(3)}"
    values: dict[str, Any] = {
        "kind": "dataset",
        "slug": slug,
        "title": f"Work {slug}",
        "licence": "CC-BY-4.0",
        **fields,
    }
    if "offers" not in values:
        values.setdefault("price_minor", 1000)
    listing = seller.listings.create(ListingRequest(**values))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, filename)
        path.write_bytes(content if content is not None else secrets.token_hex(40).encode())
        artifact = seller.upload_file(path)
    files = [VersionFile(path=filename, sha256=artifact.sha256)]
    seller.listings.create_version(listing.id, version="1.0.0", files=files)
    return seller.listings.publish(listing.id)


class refused:  # noqa: N801  # reads as `with refused("code"):`
    """Expects the marketplace to refuse with this code (and status)."""

    def __init__(self, code: str, status: int | None = None) -> None:
        self._code = code
        self._status = status
        self._raises = pytest.raises(SoukApiError)
        self.problem: Any = None

    def __enter__(self) -> "refused":
        self._caught = self._raises.__enter__()
        return self

    def __exit__(self, *error: Any) -> bool:
        swallowed = bool(self._raises.__exit__(*error))
        assert self._caught.value.code == self._code, str(self._caught.value)
        assert self._status in (None, self._caught.value.status)
        self.problem = self._caught.value
        return swallowed
