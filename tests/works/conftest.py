"""Two sellers, and the services of works on a real database and disk."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from souk.infra.blobs.settings import BlobSettings
from souk.infra.blobs.store import BlobStore, open_blobs
from souk.infra.keyring import Keyring
from souk.infra.keyring.data_keys import DataKeys
from souk.infra.postgres.database import Database
from souk.kernel.actor import Actor
from souk.kernel.clock import SystemClock
from souk.kernel.ids import OrganisationId, UserId, new_id
from souk.works.artifacts.service import ArtifactService
from souk.works.artifacts.settings import ArtifactSettings
from souk.works.artifacts.staging import StagingArea
from souk.works.artifacts.uploads import UploadService
from tests.serving import SECRET
from tests.works.selling import Seller

SELLER_PERMISSIONS = frozenset({"marketplace:create_resource", "marketplace:manage_resource"})
SMALL_PARTS = ArtifactSettings(part_size_bytes=2**20, free_bytes_kept=0)


def make_actor(*roles: str) -> Actor:
    """Somebody with a personal organisation of their own."""
    now = SystemClock().now()
    organisation_id = OrganisationId(new_id("org", now))
    extra = frozenset({"marketplace:moderate"}) if "admin" in roles else frozenset()
    return Actor(
        user_id=UserId(new_id("usr", now)),
        name="Somebody",
        organisation_id=organisation_id,
        memberships={organisation_id: "owner"},
        roles=frozenset(roles),
        permissions=SELLER_PERMISSIONS | extra,
        credential="token",
    )


@pytest.fixture
def seller() -> Actor:
    return make_actor("seller", "buyer")


@pytest.fixture
def stranger() -> Actor:
    return make_actor("seller", "buyer")


@pytest.fixture
def admin() -> Actor:
    return make_actor("admin")


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where artifacts are kept in a test."""

    uploads: UploadService
    artifacts: ArtifactService
    staging: StagingArea
    blobs: BlobStore
    folder: Path

    def again(self, database: Database, settings: ArtifactSettings = SMALL_PARTS) -> "Shelf":
        """The same places after a restart of the process."""
        return make_shelf(database, self.folder, settings)


def make_shelf(
    database: Database,
    folder: Path,
    settings: ArtifactSettings = SMALL_PARTS,
    *,
    encrypt: bool = False,
) -> Shelf:
    keys = DataKeys(database, Keyring(database, secret=SECRET))
    blobs = open_blobs(BlobSettings(encrypt=encrypt), data_path=folder, keys=keys)
    staging = StagingArea(folder / "uploads")
    return Shelf(
        uploads=UploadService(database, blobs, staging=staging, settings=settings),
        artifacts=ArtifactService(blobs),
        staging=staging,
        blobs=blobs,
        folder=folder,
    )


@pytest.fixture
def shelf(database: Database, tmp_path: Path) -> Shelf:
    return make_shelf(database, tmp_path)


@pytest.fixture(scope="module")
def ada(base_url: str) -> Iterator[Seller]:
    """A seller at the running marketplace."""
    with Seller(base_url) as seller:
        yield seller


@pytest.fixture(scope="module")
def bob(base_url: str) -> Iterator[Seller]:
    """Somebody else there."""
    with Seller(base_url) as seller:
        yield seller


@pytest.fixture(scope="module")
def anybody(base_url: str) -> Iterator[httpx.Client]:
    """Nobody in particular: not signed in."""
    with httpx.Client(base_url=f"{base_url}/api/v1", timeout=60) as client:
        yield client
