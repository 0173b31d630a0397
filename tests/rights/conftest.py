"""A keyring, the log and its sequencer on the test database."""

import secrets
from collections.abc import Callable

import pytest

from souk.infra.keyring import Keyring
from souk.infra.postgres.database import Database
from souk.kernel.clock import SystemClock
from souk.kernel.ids import new_id
from souk.rights.provenance.sequencer import Sequencer
from souk.rights.provenance.service import ProvenanceService
from souk.rights.provenance.settings import ProvenanceSettings

ORIGIN = "souk.example/log"


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
