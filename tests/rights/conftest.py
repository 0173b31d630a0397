"""A keyring, the log, its sequencer and licences on the test database."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable

import pytest

from souk.infra.keyring import Keyring
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.clock import SystemClock
from souk.kernel.ids import new_id
from souk.rights.licences.service import LicenceService
from souk.rights.provenance.sequencer import Sequencer
from souk.rights.provenance.service import ProvenanceService
from souk.rights.provenance.settings import ProvenanceSettings
from souk_client.contracts.base import OwnerRef
from souk_client.contracts.rights import Licence
from souk_client.contracts.works import LicenceTerms
from souk_client.proofs import LicensedFile

ORIGIN = "souk.example/log"
CONTENTS = {"README.md": b"# Iris", "weights/iris.onnx": b"\x08\x07" * 40}
FILE_HASHES = {path: hashlib.sha256(data).hexdigest() for path, data in CONTENTS.items()}
FILES = [
    LicensedFile(path=path, sha256=FILE_HASHES[path], size_bytes=len(data))
    for path, data in CONTENTS.items()
]

Issue = Callable[..., Awaitable[Licence]]


@pytest.fixture(scope="module")
def secret() -> str:
    return secrets.token_hex(32)


@pytest.fixture(scope="module")
def keyring(database: Database, secret: str) -> Keyring:
    return Keyring(database, secret=secret)


@pytest.fixture(scope="module")
def provenance(keyring: Keyring) -> ProvenanceService:
    return ProvenanceService(keyring=keyring, origin=ORIGIN)


@pytest.fixture(scope="module")
def sequencer(database: Database, keyring: Keyring) -> Sequencer:
    return Sequencer(database, keyring=keyring, origin=ORIGIN, settings=ProvenanceSettings())


@pytest.fixture(scope="module")
def fresh() -> Callable[[str], str]:
    """Makes ids: `fresh("lst")`."""
    return lambda prefix: new_id(prefix, SystemClock().now())


@pytest.fixture(scope="module")
def licences(provenance: ProvenanceService, keyring: Keyring) -> LicenceService:
    return LicenceService(provenance=provenance, keyring=keyring)


@pytest.fixture(scope="module")
def issue(database: Database, licences: LicenceService, fresh: Callable[[str], str]) -> Issue:
    async def issue(terms: LicenceTerms | None = None, **changes: object) -> Licence:
        arguments = {
            "listing_id": fresh("lst"),
            "listing_address": "ada/iris",
            "listing_title": "Iris",
            "version_id": fresh("ver"),
            "version": "1.0.0",
            "spdx": "Apache-2.0",
            "terms": terms or LicenceTerms(),
            "licensee_organisation": OwnerRef(id=fresh("org"), slug="bob", name="Böttcher"),
            "licensor_organisation": OwnerRef(id=fresh("org"), slug="ada", name="Ada’s Models"),
            "order_id": fresh("ord"),
            "files": FILES,
            "entry_kind": "sold",
        }
        async with database.transaction(SYSTEM) as uow:
            return await licences.issue(uow, **(arguments | changes))

    return issue
