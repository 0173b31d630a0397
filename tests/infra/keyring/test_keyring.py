"""Signing keys: made once, shared by processes, rotated, sealed at rest."""

import asyncio
import secrets
from datetime import timedelta

import msgspec
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.infra.keyring import ACCESS, LICENCE, LOG, Keyring, KeyUnknown, SealBroken, Sealer
from souk.infra.keyring import keyring as module
from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.clock import FixedClock, SystemClock
from souk_client.proofs import KeySet, ProofError, read_jwks

SECRET = secrets.token_hex(32)

pytestmark = pytest.mark.database


async def test_processes_that_start_at_once_agree_on_one_key(
    database: Database, owner_dsn: str
) -> None:
    keyrings = [Keyring(database, secret=SECRET) for _ in range(8)]
    keys = await asyncio.gather(*(keyring.current("race") for keyring in keyrings))
    assert len({key.public.kid for key in keys}) == 1
    with psycopg.connect(owner_dsn) as owner:
        count = owner.execute("SELECT count(*) FROM infra.signing_keys WHERE purpose = 'race'")
        assert count.fetchone() == (1,)


async def test_a_signature_verifies_with_the_published_key_of_its_purpose_only(
    database: Database,
) -> None:
    keyring = Keyring(database, secret=SECRET)
    await keyring.load()
    key = await keyring.current(LICENCE)
    signature = key.sign(b"message")
    (public,) = await keyring.verifiers(LICENCE)
    public.verify(signature, b"message")
    with pytest.raises(ProofError):
        public.verify(signature, b"another message")
    with pytest.raises(KeyUnknown):
        await keyring.verifier(LOG, key.public.kid)


async def test_the_published_set_is_read_by_the_client(database: Database) -> None:
    keyring = Keyring(database, secret=SECRET)
    published = KeySet(origin="souk.example", keys=await keyring.public_keys(LOG, LICENCE))
    assert read_jwks(msgspec.json.encode(published), origin="souk.example") == published
    assert {key.purpose for key in published.keys} == {LOG, LICENCE}


async def test_after_a_rotation_the_new_key_signs_and_the_old_one_still_verifies(
    database: Database,
) -> None:
    here, elsewhere = Keyring(database, secret=SECRET), Keyring(database, secret=SECRET)
    old = await elsewhere.current("rotated")
    new = await here.rotate("rotated")
    assert new.public.kid != old.public.kid
    assert (await here.current("rotated")).public == new.public
    assert await here.verifiers("rotated") == (old.public, new.public)
    assert await here.verifier("rotated", old.public.kid) == old.public


async def test_a_key_made_by_another_process_is_found_when_it_is_needed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = Keyring(database, secret=SECRET), Keyring(database, secret=SECRET)
    await here.current("late")
    new = await elsewhere.rotate("late")
    with pytest.raises(KeyUnknown):  # it has just looked; a forged id costs no query
        await here.verifier("late", new.public.kid)
    monkeypatch.setattr(module, "SEARCH_PAUSE_S", 0.0)
    assert await here.verifier("late", new.public.kid) == new.public


async def test_two_rotations_at_once_leave_one_new_key(database: Database, owner_dsn: str) -> None:
    keyrings = [Keyring(database, secret=SECRET) for _ in range(6)]
    await asyncio.gather(*(keyring.current("twice") for keyring in keyrings))
    fresh = await asyncio.gather(*(keyring.rotate("twice") for keyring in keyrings))
    assert len({key.public.kid for key in fresh}) == 1
    with psycopg.connect(owner_dsn) as owner:
        count = owner.execute("SELECT count(*) FROM infra.signing_keys WHERE purpose = 'twice'")
        assert count.fetchone() == (2,)


async def test_an_old_key_stops_verifying_when_its_time_is_over(app_dsn: str) -> None:
    clock = FixedClock(SystemClock().now())
    database = Database(app_dsn, pool_size=4, clock=clock, write_events=write_events)
    await database.open()
    try:
        keyring = Keyring(database, secret=SECRET)
        old = await keyring.current(ACCESS)
        await keyring.rotate(ACCESS, keep_verifying=timedelta(hours=1))
        clock.advance(timedelta(minutes=59))
        assert old.public in await Keyring(database, secret=SECRET).verifiers(ACCESS)
        clock.advance(timedelta(minutes=1))
        assert old.public not in await Keyring(database, secret=SECRET).verifiers(ACCESS)
    finally:
        await database.close()


async def test_a_rotation_elsewhere_arrives_without_a_restart(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = Keyring(database, secret=SECRET), Keyring(database, secret=SECRET)
    old = await here.current("far")
    new = await elsewhere.rotate("far")
    assert (await here.current("far")).public == old.public
    monkeypatch.setattr(module, "REFRESH_S", 0.0)
    seen = set()
    for _ in range(200):
        seen.add((await here.current("far")).public.kid)
        await asyncio.sleep(0.01)
        if new.public.kid in seen:
            break
    assert new.public.kid in seen


async def test_the_private_half_is_sealed_and_useless_without_the_secret(
    database: Database, owner_dsn: str
) -> None:
    keyring = Keyring(database, secret=SECRET)
    seed = (await keyring.current("sealed")).private.private_bytes_raw()
    with psycopg.connect(owner_dsn) as owner:
        rows = owner.execute("SELECT private_key_sealed FROM infra.signing_keys").fetchall()
    assert all(seed not in sealed for (sealed,) in rows)
    with pytest.raises(SealBroken):
        await Keyring(database, secret=secrets.token_hex(32)).load()


async def test_a_private_half_moved_to_another_purpose_is_refused(
    app_dsn: str, owner_dsn: str, database: Database
) -> None:
    keyring = Keyring(database, secret=SECRET)
    await keyring.current("moved")
    with psycopg.connect(owner_dsn) as owner:
        owner.execute("UPDATE infra.signing_keys SET purpose = 'taken' WHERE purpose = 'moved'")
    try:
        with pytest.raises(SealBroken):
            await Keyring(database, secret=SECRET).current("taken")
    finally:
        async with database.transaction(SYSTEM) as uow:
            await uow.execute(
                "UPDATE infra.signing_keys SET purpose = 'moved' WHERE purpose = 'taken'"
            )


@given(data=st.binary(max_size=300), purpose=st.text(max_size=20))
def test_what_is_sealed_opens_to_the_same_bytes(data: bytes, purpose: str) -> None:
    sealer = Sealer(SECRET)
    sealed = sealer.seal(purpose, data)
    assert len(sealed) == len(data) + 28
    assert Sealer(SECRET).open(purpose, sealed) == data
    assert sealer.seal(purpose, data) != sealed


@given(data=st.binary(max_size=60), position=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_changed_bit_is_noticed(data: bytes, position: int, bit: int) -> None:
    sealed = bytearray(Sealer(SECRET).seal("a", data))
    sealed[position % len(sealed)] ^= 1 << bit
    with pytest.raises(SealBroken):
        Sealer(SECRET).open("a", bytes(sealed))


def test_another_purpose_or_secret_or_a_cut_text_does_not_open() -> None:
    sealed = Sealer(SECRET).seal("a", b"data")
    for sealer, purpose, text in (
        (Sealer(SECRET), "b", sealed),
        (Sealer(secrets.token_hex(32)), "a", sealed),
        (Sealer(SECRET), "a", sealed[:-1]),
        (Sealer(SECRET), "a", b""),
    ):
        with pytest.raises(SealBroken):
            sealer.open(purpose, text)


def test_derived_bytes_belong_to_one_purpose() -> None:
    sealer = Sealer(SECRET)
    assert sealer.derive("a") == Sealer(SECRET).derive("a")
    assert len({sealer.derive("a"), sealer.derive("b"), Sealer("00" * 32).derive("a")}) == 3


@pytest.mark.parametrize("secret", ["", "00", "zz" * 32, "00" * 33])
def test_a_secret_of_another_shape_is_refused(secret: str) -> None:
    with pytest.raises(ValueError):
        Sealer(secret)
