"""Which bytes a request for an asset gets: the asset itself, or a form of it."""

from collections.abc import AsyncIterator, Mapping
from email.utils import format_datetime

import msgspec
import structlog

from souk.delivery.assets import codings, store
from souk.delivery.assets.codings import IDENTITY
from souk.delivery.assets.errors import (
    AssetUnknown,
    AssetWithheld,
    MakersBusy,
    NoCodingFits,
    NoPicture,
)
from souk.delivery.assets.making import Making
from souk.delivery.assets.model import DOCUMENT_POLICY, is_text, plain_type, runs_in_pages, tags_of
from souk.delivery.assets.pictures import PICTURES, wish_of
from souk.delivery.assets.ports import Nodes
from souk.delivery.assets.settings import AssetSettings
from souk.delivery.assets.store import AssetRow, MadeRow
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.people.organisations.api import OrganisationsApi
from souk.works.artifacts.api import Artifacts

SMALLEST = 256
"""Bytes; below that no coding saves anything worth it."""

log = structlog.get_logger("souk.assets")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request for an asset."""

    slug: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    client_address: str
    credential: str | None
    """What a node proves itself with."""


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One form of an asset that is ready to be sent."""

    asset: AssetRow
    row: MadeRow | None
    """None: the asset as it is."""
    coding: str
    vary: tuple[str, ...]
    keep: bool
    """Whether caches may keep it: not when a better one could not be made just now."""

    @property
    def etag(self) -> str:
        sha256 = self.asset.sha256 if self.row is None else self.row.made_sha256
        return f'"{sha256}"'

    @property
    def size_bytes(self) -> int:
        return self.asset.size_bytes if self.row is None else self.row.size_bytes

    @property
    def media_type(self) -> str:
        return self.asset.media_type if self.row is None else self.row.media_type


class Serving:
    """Finds assets and chooses their forms."""

    def __init__(
        self,
        database: Database,
        *,
        artifacts: Artifacts,
        organisations: OrganisationsApi,
        making: Making,
        nodes: Nodes,
        settings: AssetSettings,
    ) -> None:
        self._database = database
        self._artifacts = artifacts
        self._organisations = organisations
        self._making = making
        self._nodes = nodes
        self._settings = settings

    async def find(self, asked: Asked) -> tuple[AssetRow, str | None, bool]:
        """The asset, its site, and whether it is a node that asks.

        Raises:
            NotFound: `asset_unknown`. Withheld: `asset_withheld`.
        """
        async with self._database.transaction(SYSTEM, read_only=asked.credential is None) as uow:
            by_node = await self._by_node(uow, asked)
            owner = await self._organisations.by_slug(uow, asked.slug)
            if owner is None or owner.hidden:
                raise AssetUnknown()
            asset = await store.by_path(uow, owner.id, asked.path)
            if asset is None:
                raise AssetUnknown()
            artifact = await self._artifacts.get(uow, asset.sha256)
            if artifact.scan.state == "quarantined":
                raise AssetWithheld()
            return asset, await store.site_of(uow, owner.id), by_node

    async def nearer(self, asked: Asked, asset: AssetRow, site_id: str | None) -> str | None:
        """Where a node has it, for clients of what is large enough; None when it is sent here."""
        if site_id is None or asset.size_bytes < self._settings.near_bytes:
            return None
        node = await self._nodes.near(
            organisation_id=asset.organisation_id,
            thing=asset.sha256,
            client_address=asked.client_address,
        )
        return None if node is None else f"{node}/s/{site_id}/"

    async def form(self, asked: Asked, asset: AssetRow) -> Form:
        """The form for this request.

        Raises:
            Invalid: `variant_invalid`, `variant_impossible`. Unavailable: `variants_busy`.
            NotAcceptable: `coding_not_acceptable`.
        """
        plain = plain_type(asset.media_type)
        if plain in PICTURES:
            wish = wish_of(asked.query, accept=asked.headers.get("accept"), own_type=plain)
            if wish is not None:
                if asset.size_bytes > self._settings.max_source_bytes:
                    raise NoPicture(
                        f"this one has more than {self._settings.max_source_bytes // 2**20} MiB"
                    )
                row = await self._making.picture(asset, wish)
                vary = ("accept",) if wish.by_accept else ()
                return Form(asset=asset, row=row, coding=IDENTITY, vary=vary, keep=True)
        elif is_text(asset.media_type) and (
            SMALLEST <= asset.size_bytes <= self._settings.max_text_bytes
        ):
            return await self._text(asked, asset)
        accept = asked.headers.get("accept-encoding")
        if codings.choose(accept, {IDENTITY: asset.size_bytes}) is None:
            raise NoCodingFits()
        return Form(asset=asset, row=None, coding=IDENTITY, vary=(), keep=True)

    def read(self, form: Form, *, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes of a form."""
        if form.row is None:
            return self._artifacts.open(form.asset.sha256, start=start, end=end)
        return self._making.read(form.asset, form.row, start=start, end=end)

    def head(self, form: Form, *, by_node: bool) -> dict[str, str]:
        """The headers that every answer with this form has."""
        asset = form.asset
        age = f"public, max-age={asset.max_age_s}, s-maxage={self._settings.node_age_s}"
        vary = list(form.vary)
        if runs_in_pages(asset.media_type) and not by_node:
            vary += ["sec-fetch-site", "sec-fetch-dest"]
        headers = {
            "content-type": form.media_type,
            "etag": form.etag,
            "last-modified": format_datetime(asset.changed_at, usegmt=True),
            "cache-control": age if form.keep else "no-store",
            "accept-ranges": "bytes",
            "access-control-allow-origin": "*",
            "cross-origin-resource-policy": "cross-origin",
            "timing-allow-origin": "*",
            "content-security-policy": DOCUMENT_POLICY,
            "x-content-type-options": "nosniff",
            "surrogate-key": " ".join(tags_of(asset.id, asset.organisation_id)),
        }
        if vary:
            headers["vary"] = ", ".join(vary)
        if form.coding != IDENTITY:
            headers["content-encoding"] = form.coding
        return headers

    async def _text(self, asked: Asked, asset: AssetRow) -> Form:
        vary = ("accept-encoding",)
        try:
            made = await self._making.texts(asset)
            keep = True
        except MakersBusy:
            made, keep = {}, False
        sizes = {IDENTITY: asset.size_bytes} | {name: row.size_bytes for name, row in made.items()}
        accept = asked.headers.get("accept-encoding")
        if "range" in asked.headers:
            sizes = {IDENTITY: sizes[IDENTITY]}  # parts of what the owner sees, not of a coding
        coding = codings.choose(accept, sizes)
        if coding is None:
            raise NoCodingFits()
        return Form(asset=asset, row=made.get(coding), coding=coding, vary=vary, keep=keep)

    async def _by_node(self, uow: UnitOfWork, asked: Asked) -> bool:
        if asked.credential is None:
            return False
        return await self._nodes.is_node(uow, asked.credential, address=asked.client_address)
