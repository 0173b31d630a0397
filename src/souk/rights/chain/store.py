"""SQL of networks, transactions and their attempts; that of anchors is in anchor_store.py."""

from datetime import datetime
from typing import Final

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.rights.chain.model import Fees

_LOCK_SPACE: Final = 731_034
"""The advisory locks by which one worker at a time works on a chain."""


class TransactionRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that shall happen on a chain."""

    id: str
    purpose: str
    recipient: str | None
    data: bytes
    value: int
    state: str
    problem: str
    sender: str | None
    nonce: int | None
    gas_limit: int | None
    hash: str | None
    contract_address: str | None
    block_number: int | None
    block_hash: str | None


class AttemptRow(msgspec.Struct, frozen=True, kw_only=True):
    """One signed form of a transaction."""

    number: int
    hash: str
    raw: bytes
    max_fee_wei: int
    tip_wei: int
    made_at: datetime

    @property
    def fees(self) -> Fees:
        return Fees(max_fee_wei=int(self.max_fee_wei), tip_wei=int(self.tip_wei))


_COLUMNS = (
    "id, purpose, recipient, data, value, state, problem, sender, nonce, gas_limit, hash, "
    "contract_address, block_number, block_hash"
)


async def take_turn(uow: UnitOfWork, chain_id: int) -> bool:
    """Whether this transaction is the one that works on the chain, until it ends."""
    return bool(
        await uow.value(
            "SELECT pg_try_advisory_xact_lock(%(space)s, %(chain)s)",
            space=_LOCK_SPACE,
            chain=chain_id % 2**31,
        )
    )


async def see_network(
    uow: UnitOfWork, *, key: str, name: str, chain_id: int, genesis: str, head: int
) -> None:
    """Notes that the chain is there, and how far it is."""
    await uow.execute(
        """
        INSERT INTO chain.networks AS known
            (key, name, chain_id, genesis, first_seen_at, head_block, seen_at)
        VALUES (%(key)s, %(name)s, %(chain_id)s, %(genesis)s, %(now)s, %(head)s, %(now)s)
        ON CONFLICT (key) DO UPDATE SET head_block = %(head)s, seen_at = %(now)s
        """,
        key=key,
        name=name,
        chain_id=chain_id,
        genesis=genesis,
        head=head,
        now=uow.now,
    )


async def add(
    uow: UnitOfWork,
    *,
    transaction_id: str,
    network: str,
    purpose: str,
    recipient: str | None,
    data: bytes,
    value: int,
) -> TransactionRow:
    """The transaction of this purpose: this one when there was none yet."""
    await uow.execute(
        """
        INSERT INTO chain.transactions
            (id, network, purpose, recipient, data, value, state, not_before, created_at)
        VALUES (%(id)s, %(network)s, %(purpose)s, %(recipient)s, %(data)s, %(value)s, 'queued',
            %(now)s, %(now)s)
        ON CONFLICT (network, purpose) DO NOTHING
        """,
        id=transaction_id,
        network=network,
        purpose=purpose,
        recipient=recipient,
        data=data,
        value=value,
        now=uow.now,
    )
    found = await of_purpose(uow, network=network, purpose=purpose)
    assert found is not None
    return found


async def of_purpose(uow: UnitOfWork, *, network: str, purpose: str) -> TransactionRow | None:
    """The transaction of a purpose."""
    return await uow.one_or_none(
        TransactionRow,
        f"""
        SELECT {_COLUMNS} FROM chain.transactions
        WHERE network = %(network)s AND purpose = %(purpose)s
        """,
        network=network,
        purpose=purpose,
    )


async def queued(uow: UnitOfWork, network: str, *, limit: int) -> list[TransactionRow]:
    """What waits to be sent, oldest first."""
    return await uow.all(
        TransactionRow,
        f"""
        SELECT {_COLUMNS} FROM chain.transactions
        WHERE network = %(network)s AND state = 'queued' AND not_before <= %(now)s
        ORDER BY id LIMIT %(limit)s
        """,
        network=network,
        now=uow.now,
        limit=limit,
    )


async def on_their_way(uow: UnitOfWork, network: str) -> list[TransactionRow]:
    """What was sent and is not final, in the order of nonces."""
    return await uow.all(
        TransactionRow,
        f"""
        SELECT {_COLUMNS} FROM chain.transactions
        WHERE network = %(network)s AND state IN ('sent', 'mined') ORDER BY nonce
        """,
        network=network,
    )


async def newest_final(uow: UnitOfWork, network: str, *, limit: int) -> list[TransactionRow]:
    """What became final, newest first."""
    return await uow.all(
        TransactionRow,
        f"""
        SELECT {_COLUMNS} FROM chain.transactions
        WHERE network = %(network)s AND state IN ('final', 'failed')
        ORDER BY nonce DESC LIMIT %(limit)s
        """,
        network=network,
        limit=limit,
    )


async def final_after(
    uow: UnitOfWork, network: str, *, after: str, limit: int
) -> list[TransactionRow]:
    """What became final or failed, in the order of ids."""
    return await uow.all(
        TransactionRow,
        f"""
        SELECT {_COLUMNS} FROM chain.transactions
        WHERE network = %(network)s AND state IN ('final', 'failed') AND id > %(after)s
        ORDER BY id LIMIT %(limit)s
        """,
        network=network,
        after=after,
        limit=limit,
    )


async def lanes(uow: UnitOfWork, network: str) -> dict[str, int]:
    """The next nonce by account."""
    rows = await uow.dicts(
        "SELECT sender, next_nonce FROM chain.lanes WHERE network = %(network)s", network=network
    )
    return {str(row["sender"]): int(row["next_nonce"]) for row in rows}


async def take_nonce(uow: UnitOfWork, *, network: str, sender: str, at_least: int) -> int:
    """The account's next nonce; nobody else gets one until this transaction ends.

    Args:
        at_least: how many the chain has seen: more than are known here when the key was used
            elsewhere.
    """
    taken = await uow.value(
        """
        INSERT INTO chain.lanes AS lane (network, sender, next_nonce)
        VALUES (%(network)s, %(sender)s, %(at_least)s + 1)
        ON CONFLICT (network, sender) DO UPDATE
        SET next_nonce = greatest(lane.next_nonce, %(at_least)s) + 1
        RETURNING next_nonce - 1
        """,
        network=network,
        sender=sender,
        at_least=at_least,
    )
    return int(taken)


async def lay_into_lane(
    uow: UnitOfWork, transaction_id: str, *, sender: str, nonce: int, gas_limit: int
) -> bool:
    """Gives a queued transaction its nonce; False when somebody else did."""
    touched = await uow.execute(
        """
        UPDATE chain.transactions SET state = 'sent', problem = '', sender = %(sender)s,
            nonce = %(nonce)s, gas_limit = %(gas_limit)s
        WHERE id = %(id)s AND state = 'queued'
        """,
        id=transaction_id,
        sender=sender,
        nonce=nonce,
        gas_limit=gas_limit,
    )
    return touched == 1


async def add_attempt(
    uow: UnitOfWork, transaction_id: str, *, nonce: int, hash_: str, raw: bytes, fees: Fees
) -> None:
    """Keeps a signed form, before it is sent."""
    await uow.execute(
        """
        INSERT INTO chain.attempts
            (transaction_id, number, nonce, hash, raw, max_fee_wei, tip_wei, made_at)
        SELECT %(id)s, count(*) + 1, %(nonce)s, %(hash)s, %(raw)s, %(max_fee)s, %(tip)s, %(now)s
        FROM chain.attempts WHERE transaction_id = %(id)s
        """,
        id=transaction_id,
        nonce=nonce,
        hash=hash_,
        raw=raw,
        max_fee=fees.max_fee_wei,
        tip=fees.tip_wei,
        now=uow.now,
    )


async def attempts(uow: UnitOfWork, transaction_id: str, *, nonce: int) -> list[AttemptRow]:
    """The signed forms with its nonce, newest first."""
    return await uow.all(
        AttemptRow,
        """
        SELECT number, hash, raw, max_fee_wei, tip_wei, made_at FROM chain.attempts
        WHERE transaction_id = %(id)s AND nonce = %(nonce)s ORDER BY number DESC
        """,
        id=transaction_id,
        nonce=nonce,
    )


async def put_off(uow: UnitOfWork, transaction_id: str, *, problem: str, until: datetime) -> None:
    """Leaves a queued transaction for later."""
    await uow.execute(
        """
        UPDATE chain.transactions SET problem = %(problem)s, not_before = %(until)s
        WHERE id = %(id)s AND state = 'queued'
        """,
        id=transaction_id,
        problem=problem,
        until=until,
    )


async def set_mined(
    uow: UnitOfWork,
    transaction_id: str,
    *,
    hash_: str,
    worked: bool,
    gas_used: int,
    contract_address: str | None,
    block_number: int,
    block_hash: str,
    block_time: datetime,
    is_final: bool,
) -> None:
    """Notes in which block it is, and whether that is for good."""
    state = ("final" if worked else "failed") if is_final else "mined"
    await uow.execute(
        """
        UPDATE chain.transactions SET state = %(state)s, hash = %(hash)s, worked = %(worked)s,
            gas_used = %(gas_used)s, contract_address = %(contract_address)s,
            block_number = %(block_number)s, block_hash = %(block_hash)s,
            block_time = %(block_time)s, final_at = %(final_at)s
        WHERE id = %(id)s AND state IN ('sent', 'mined')
        """,
        id=transaction_id,
        state=state,
        hash=hash_,
        worked=worked,
        gas_used=gas_used,
        contract_address=contract_address,
        block_number=block_number,
        block_hash=block_hash,
        block_time=block_time,
        final_at=uow.now if is_final else None,
    )


async def set_unmined(uow: UnitOfWork, transaction_id: str, *, requeue: bool = False) -> None:
    """Takes it out of its block, since the chain did; `requeue` takes its nonce as well."""
    lane = ", state = 'queued', sender = NULL, nonce = NULL" if requeue else ", state = 'sent'"
    await uow.execute(
        f"""
        UPDATE chain.transactions SET hash = NULL, worked = NULL, gas_used = NULL,
            contract_address = NULL, block_number = NULL, block_hash = NULL, block_time = NULL,
            final_at = NULL {lane}
        WHERE id = %(id)s
        """,
        id=transaction_id,
    )


async def know_contract(uow: UnitOfWork, *, network: str, name: str, address: str) -> None:
    """Notes where a contract is."""
    await uow.execute(
        """
        INSERT INTO chain.contracts (network, name, address)
        VALUES (%(network)s, %(name)s, %(address)s) ON CONFLICT DO NOTHING
        """,
        network=network,
        name=name,
        address=address.lower(),
    )


class NetworkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A chain, and how things stand there."""

    key: str
    name: str
    head_block: int
    seen_at: datetime
    waiting: int
    """Transactions that are not final."""
    failed: int
    problem: str
    """Of the oldest that waits."""
    anchored_size: int


async def networks(uow: UnitOfWork) -> list[NetworkRow]:
    """Every chain that was seen, the last one first."""
    return await uow.all(
        NetworkRow,
        """
        SELECT n.key, n.name, n.head_block, n.seen_at,
            (SELECT count(*) FROM chain.transactions t
             WHERE t.network = n.key AND t.state IN ('queued', 'sent', 'mined')) AS waiting,
            (SELECT count(*) FROM chain.transactions t
             WHERE t.network = n.key AND t.state = 'failed') AS failed,
            coalesce((SELECT t.problem FROM chain.transactions t
             WHERE t.network = n.key AND t.state = 'queued' ORDER BY t.id LIMIT 1), '') AS problem,
            coalesce((SELECT max(a.tree_size) FROM chain.anchors a
             JOIN chain.transactions t ON t.id = a.transaction_id
             WHERE a.network = n.key AND t.state = 'final'), 0) AS anchored_size
        FROM chain.networks n ORDER BY n.seen_at DESC
        """,
    )


async def is_network(uow: UnitOfWork, key: str) -> bool:
    """Whether this chain was seen."""
    return bool(
        await uow.value("SELECT EXISTS (SELECT FROM chain.networks WHERE key = %(key)s)", key=key)
    )


async def first_deployed(uow: UnitOfWork, network: str) -> int | None:
    """The block with the first of Souk's contracts; None when that is not known."""
    found = await uow.value(
        """
        SELECT min(block_number) FROM chain.transactions
        WHERE network = %(network)s AND purpose LIKE 'deploy:%%' AND contract_address IS NOT NULL
        """,
        network=network,
    )
    return None if found is None else int(found)


async def contracts(uow: UnitOfWork, network: str) -> dict[str, str]:
    """Addresses by name."""
    rows = await uow.dicts(
        "SELECT name, address FROM chain.contracts WHERE network = %(network)s", network=network
    )
    return {str(row["name"]): str(row["address"]) for row in rows}
