"""The real client, in a process of its own with a cache of its own, and tokens to give it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from souk.delivery.xet.api import Access, XetToken
from souk.delivery.xet.tokens import TokenService
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import scope_of
from souk.kernel.actor import Actor
from souk.kernel.ids import OrganisationId, UserId
from souk_client.contracts.works import ListingRequest
from souk_client.sdk import Souk
from tests.market import organisation_of, sign_up

_UPLOAD = """
import hf_xet, json, sys
said = json.load(sys.stdin)
done = hf_xet.upload_files(
    said["paths"], said["url"], (said["token"], said["expires"]), None, None, "model"
)
print(json.dumps([[item.hash, item.filesize, item.sha256] for item in done]))
"""
_DOWNLOAD = """
import hf_xet, json, sys
said = json.load(sys.stdin)
wanted = [hf_xet.PyXetDownloadInfo(path, hash, size) for path, hash, size in said["files"]]
hf_xet.download_files(wanted, said["url"], (said["token"], said["expires"]), None, None)
print("[]")
"""


class Uploaded(msgspec.Struct, frozen=True, array_like=True):
    """What the client says of a file that it has sent."""

    hash: str
    size_bytes: int
    sha256: str | None


class ClientFailed(Exception):
    """hf_xet ended with an error."""


@dataclass
class HfXet:
    """hf_xet with default settings; a folder holds what it remembers between runs."""

    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    def upload(self, token: XetToken, *paths: Path) -> list[Uploaded]:
        """Sends files."""
        answer = self._run(_UPLOAD, token, paths=[str(path) for path in paths])
        return msgspec.convert(answer, list[Uploaded])

    def download(self, token: XetToken, path: Path, file_hash: str, size_bytes: int) -> bytes:
        """Fetches a file to this path; its bytes."""
        self._run(_DOWNLOAD, token, files=[[str(path), file_hash, size_bytes]])
        return path.read_bytes()

    def _run(self, code: str, token: XetToken, **said: object) -> Any:  # JSON of the script's own
        stdin = json.dumps(
            {
                **said,
                "url": token.cas_url,
                "token": token.token,
                "expires": int(token.expires_at.timestamp()),
            }
        )
        environ = {**os.environ, "HF_HOME": str(self.home), **self.environ}
        ended = subprocess.run(
            [sys.executable, "-c", code],
            input=stdin,
            env=environ,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        if ended.returncode:
            raise ClientFailed(ended.stderr)
        return json.loads(ended.stdout)


@dataclass
class Publisher:
    """Somebody with a listing, and the tokens for it."""

    client: Souk
    actor: Actor
    listing_id: str
    _database: Database
    _tokens: TokenService

    async def token(
        self, access: Access, *, revision: str = "", listing_id: str | None = None
    ) -> XetToken:
        """As the repository would give it out."""
        async with self._database.transaction(scope_of(self.actor), read_only=True) as uow:
            return await self._tokens.issue(
                uow, self.actor, listing_id or self.listing_id, revision, access
            )


def make_publisher(base_url: str, database: Database, tokens: TokenService) -> Publisher:
    """A new account with a draft of a model."""
    client = sign_up(base_url)
    organisation_id = OrganisationId(organisation_of(client))
    actor = Actor(
        user_id=UserId(client.account.get().user.id),
        organisation_id=organisation_id,
        memberships={organisation_id: "owner"},
        permissions=frozenset({"marketplace:create_resource", "marketplace:manage_resource"}),
        credential="token",
    )
    slug = f"model-{organisation_id[-8:]}"
    listing = client.listings.create(
        ListingRequest(kind="model", slug=slug, title="A model", licence="MIT", price_minor=1000)
    )
    return Publisher(client, actor, listing.id, database, tokens)
