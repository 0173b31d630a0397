"""The operator's look at the books: sound ones pass, tampered ones are named."""

import asyncio
import os

import psycopg
import pytest
from click.testing import CliRunner, Result

from souk.apps.cli.check import command
from souk.treasury.ledger.service import LedgerService
from tests.treasury.books import fund, organisation

pytestmark = pytest.mark.database

TAMPER = """
    SET LOCAL session_replication_role = replica;
    UPDATE ledger.funds SET balance_minor = balance_minor + {change}
"""


def look(owner_dsn: str, tmp_path: os.PathLike[str]) -> Result:
    environ = {"SOUK_DATABASE_URL": owner_dsn, "SOUK_DATA_DIR": str(tmp_path), "SOUK_PORT": "8611"}
    return CliRunner().invoke(command, ["--books"], env=environ)


async def test_sound_books_pass_and_tampered_ones_are_named(
    ledger: LedgerService, owner_dsn: str, tmp_path: os.PathLike[str]
) -> None:
    await fund(ledger, organisation(), 10)
    sound = await asyncio.to_thread(look, owner_dsn, tmp_path)
    assert "every rule holds" in sound.output, sound.output
    with psycopg.connect(owner_dsn) as owner:
        owner.execute(TAMPER.format(change=1))
    tampered = await asyncio.to_thread(look, owner_dsn, tmp_path)
    with psycopg.connect(owner_dsn) as owner:
        owner.execute(TAMPER.format(change=-1))
    assert tampered.exit_code == 1
    assert "accounts whose balance is not the sum of their postings" in tampered.output
