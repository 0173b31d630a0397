"""What was made of contents that no asset has any more goes; what is needed stays."""

from pathlib import Path
from typing import cast

from souk.delivery.assets import store
from souk.delivery.assets.making import Making
from souk.delivery.assets.settings import AssetSettings
from souk.delivery.assets.store import AssetRow, MadeRow
from souk.infra.blobs.store import BlobStore
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.works.artifacts.api import Artifacts

NEEDED, GONE = "a" * 64, "b" * 64


async def test_only_what_no_asset_needs_is_removed(database: Database, tmp_path: Path) -> None:
    blobs = BlobStore(None, folder=tmp_path / "blobs")
    making = Making(
        database,
        cast(Artifacts, None),  # nothing is made here
        blobs=blobs,
        settings=AssetSettings(),
        folder=tmp_path / "work",
    )
    row = MadeRow(recipe="br", made_sha256="c" * 64, size_bytes=3, media_type="text/css")
    async with database.transaction(SYSTEM) as uow:
        await store.hold_space(uow, "org_sweep")
        asset = AssetRow(
            id="ast_sweep",
            organisation_id="org_sweep",
            path="a.css",
            sha256=NEEDED,
            size_bytes=9,
            media_type="text/css",
            max_age_s=0,
            optimise=True,
            created_at=uow.now,
            changed_at=uow.now,
        )
        await store.add(uow, asset, user_id="usr_sweep")
        for sha256 in (NEEDED, GONE):
            await store.note_made(uow, sha256, [row])
            await store.note_made(uow, sha256, [row])  # another process was there first
    for sha256 in (NEEDED, GONE):
        (tmp_path / "new").write_bytes(b"abc")
        await blobs.put_file(f"assets/{sha256[:2]}/{sha256}/br", tmp_path / "new")
    assert await making.sweep() == 1
    assert await making.sweep() == 0
    assert await blobs.size(f"assets/aa/{NEEDED}/br") == 3
    assert await blobs.size(f"assets/bb/{GONE}/br") is None
    async with database.transaction(SYSTEM, read_only=True) as uow:
        assert await store.made(uow, NEEDED, ["br"]) == [row]
        assert await store.made(uow, GONE, ["br"]) == []
