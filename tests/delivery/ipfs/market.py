"""Works with several files, and waiting until the gateway has them."""

import secrets
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from souk_client.contracts.works import Listing, ListingRequest, VersionFile
from souk_client.proofs.ipfs import Dag, FileHasher, directory_dag
from souk_client.sdk import Souk

WITHIN_S = 60.0


def publish_files(
    seller: Souk, files: dict[str, bytes], *, publish: bool = True, **fields: Any
) -> Listing:
    """Publishes a work of these files; given away unless `fields` say otherwise."""
    slug = f"tree-{secrets.token_hex(6)}"
    values = {"kind": "dataset", "slug": slug, "title": slug, "licence": "CC-BY-4.0", **fields}
    if "offers" not in values:
        values.setdefault("price_minor", 0)
    listing = seller.listings.create(ListingRequest(**values))
    add_version(seller, listing.id, "1.0.0", files)
    return seller.listings.publish(listing.id) if publish else listing


def add_version(seller: Souk, listing_id: str, version: str, files: dict[str, bytes]) -> None:
    """A version of these files."""
    entries = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, content) in enumerate(files.items()):
            path = Path(folder, str(number), name.rpartition("/")[2])
            path.parent.mkdir()
            path.write_bytes(content)
            entries.append(VersionFile(path=name, sha256=seller.upload_file(path).sha256))
    seller.listings.create_version(listing_id, version=version, files=entries)


def file_cid(content: bytes) -> str:
    """The CID of a file."""
    hasher = FileHasher()
    hasher.update(content)
    return str(hasher.dag().root.cid)


def folder_cid(files: dict[str, bytes]) -> str:
    """The CID of a folder of these files."""
    return str(folder_dag(files).root.cid)


def folder_dag(files: dict[str, bytes]) -> Dag:
    """The nodes of a folder of these files; the last one is the folder itself."""
    entries = []
    for path, content in files.items():
        hasher = FileHasher()
        hasher.update(content)
        entries.append((path, hasher.dag().root))
    return directory_dag(entries)


def await_cid(base_url: str, cid: str, key: str | None = None, *, status: int = 200) -> None:
    """Waits until the gateway answers with this status."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    deadline = time.monotonic() + WITHIN_S
    while True:
        answer = httpx.head(f"{base_url}/ipfs/{cid}?format=raw", headers=headers)
        if answer.status_code == status:
            return
        assert time.monotonic() < deadline, (answer.status_code, cid)
        time.sleep(0.05)


def key_of(client: Souk) -> str:
    """A `vk_` key of this account."""
    return client.api_keys.create(name="ipfs").key
