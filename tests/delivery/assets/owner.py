"""Somebody with assets, and browsers that fetch them."""

import tempfile
from pathlib import Path
from typing import Any

import httpx

from souk_client.contracts.assets import Asset
from souk_client.sdk import Souk
from tests.market import sign_up


class Owner:
    """A new account that puts assets."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.souk: Souk = sign_up(base_url)
        self.organisation_id = self.souk.account.get().user.organisation.id
        self.http = httpx.Client(base_url=base_url, timeout=60)

    def put(self, path: str, content: bytes, **options: Any) -> Asset:
        """Uploads content and puts it at a path."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, path.rpartition("/")[2])
            file.write_bytes(content)
            return self.souk.put_asset(file, path, **options)

    def fetch(self, asset: Asset | str, **headers: str) -> httpx.Response:
        """What a browser gets that takes no coding, unless it says so."""
        address = asset if isinstance(asset, str) else asset.url
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.get(address, headers={"accept-encoding": "identity", **named})

    def raw(self, address: str, accept_encoding: str) -> tuple[httpx.Response, bytes]:
        """The bytes as they came, not decoded."""
        headers = {"accept-encoding": accept_encoding}
        with self.http.stream("GET", address, headers=headers) as answer:
            return answer, b"".join(answer.iter_raw())

    def close(self) -> None:
        self.http.close()
