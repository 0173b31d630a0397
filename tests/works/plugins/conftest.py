"""A market with plug-ins: an author, and somebody who installs."""

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from souk_client.contracts.works import Listing, ListingRequest, VersionFile
from souk_client.sdk import Souk
from tests.market import funded, sign_up, slug_of
from tests.works.plugins.samples import manifest, wasm

_numbers = itertools.count(1)


class Author:
    """Somebody who publishes plug-ins."""

    def __init__(self, client: Souk) -> None:
        self.client = client
        self.handle = slug_of(client)
        self._listings: dict[str, Listing] = {}

    def name(self) -> str:
        """An address that is free."""
        return f"{self.handle}/plugin-{next(_numbers)}"

    def draft(self, address: str, **fields: Any) -> Listing:
        slug = address.partition("/")[2]
        if "offers" not in fields:
            fields.setdefault("price_minor", 0)
        request = ListingRequest(
            kind="plugin",
            slug=slug,
            title=f"Plug-in {slug}",
            licence="MIT",
            **fields,
        )
        self._listings[address] = self.client.listings.create(request)
        return self._listings[address]

    def add_version(
        self,
        address: str,
        version: str,
        *,
        files: dict[str, bytes] | None = None,
        **said: Any,
    ) -> None:
        """A version with a manifest (and a module that exports `run`) of what is said."""
        given = {
            "plugin.toml": manifest(address, version, **said).encode(),
            "run.wasm": wasm("run"),
        }
        given |= files or {}
        entries = []
        with tempfile.TemporaryDirectory() as folder:
            for path, content in given.items():
                if content:
                    place = Path(folder, path.replace("/", "_"))
                    place.write_bytes(content)
                    sent = self.client.upload_file(place)
                    entries.append(VersionFile(path=path, sha256=sent.sha256))
        listing = self._listings[address]
        self.client.listings.create_version(listing.id, version=version, files=entries)

    def publish(self, *versions: str, address: str = "", price_minor: int = 0, **said: Any) -> str:
        """Publishes a plug-in, or more versions of it; its address."""
        address = address or self.name()
        if address not in self._listings:
            self.draft(address, price_minor=price_minor)
        for version in versions or ("1.0.0",):
            self.add_version(address, version, **said)
            self.client.listings.publish(self._listings[address].id, version=version)
        return address

    def retire(self, address: str) -> None:
        self.client.listings.retire(self._listings[address].id)

    def listing(self, address: str) -> Listing:
        return self._listings[address]


@pytest.fixture(scope="module")
def author(base_url: str) -> Iterator[Author]:
    yield Author(sign_up(base_url, "Ada Lovelace"))


@pytest.fixture(scope="module")
def grace(base_url: str) -> Souk:
    """Somebody with money who installs plug-ins."""
    return funded(base_url)


@pytest.fixture
def workspace(grace: Souk) -> str:
    """The id of an empty workspace of Grace's."""
    return grace.workspaces.create(name=f"Workspace {next(_numbers)}").id
