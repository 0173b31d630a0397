"""Sends transactions so that none is lost and none happens twice.

What shall happen is a row, made in the transaction of whoever wants it, once for each purpose. A
signed form is a row too, with a nonce of its own lane, before it is sent: whenever the process is
killed, the same bytes are sent again, and all forms of one transaction share one nonce, so that the
chain takes at most one. It is final when enough blocks stand on its block; until then it is looked
for again at every step, and sent again when the chain has dropped it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.ids import new_id
from souk.rights.chain import store
from souk.rights.chain.errors import PurposeTaken
from souk.rights.chain.keys import Fields, Signed, Signer
from souk.rights.chain.model import GWEI, Fees, bumped_fees, depth_of, suggested_fees
from souk.rights.chain.rpc import Receipt, Rpc, RpcError
from souk.rights.chain.settings import ChainSettings
from souk.rights.chain.store import AttemptRow, TransactionRow

BATCH: Final = 50
RETRY_S: Final = 30.0
"""How long something the chain would refuse is left alone."""
RESEND_S: Final = 10.0
"""How often a transaction that is in no block is sent again as it is."""
LOOK_BACK: Final = 20
"""How many final transactions are looked for at once when a process starts: a chain that was
restored from a backup has lost its newest."""
GAS_ROOM_PERCENT: Final = 20
_DEFAULT_TIP_WEI: Final = GWEI

log = structlog.get_logger("souk.chain")


async def submit(
    uow: UnitOfWork,
    *,
    network: str,
    purpose: str,
    data: bytes,
    recipient: str | None,
    value: int = 0,
) -> TransactionRow:
    """Wants something done on a chain, in the caller's transaction; asking again changes nothing.

    Args:
        purpose: what it is for, such as `anchor:512`: there is one transaction for each.
        recipient: a contract or account; None puts a contract there.

    Raises:
        Conflict: `purpose_taken` when another thing was done for this purpose.
    """
    there = await store.add(
        uow,
        transaction_id=new_id("ctx", uow.now),
        network=network,
        purpose=purpose,
        recipient=recipient,
        data=data,
        value=value,
    )
    if (there.data, there.recipient, int(there.value)) != (data, recipient, value):
        raise PurposeTaken(purpose)
    return there


class Sending:
    """Carries the transactions of one chain and one account.

    Args:
        database: the application's.
        rpc: the chain.
        signer: pays and signs.
        settings: limits.
        finality: how many blocks make a transaction final.
        halt: called between steps with the step's name; tests end the process there.
    """

    def __init__(
        self,
        database: Database,
        *,
        rpc: Rpc,
        signer: Signer,
        settings: ChainSettings,
        finality: int,
        halt: Callable[[str], None] = lambda _step: None,
    ) -> None:
        self._database = database
        self._rpc = rpc
        self._signer = signer
        self._settings = settings
        self._finality = finality
        self._halt = halt
        self._sent_at: dict[str, datetime] = {}
        self._looked_back: str | None = None

    async def step(self, head: int) -> None:
        """Follows what was sent, then sends what waits.

        Raises:
            ChainUnreachable, KeyUnusable: and everything stays as it is written.
        """
        network = self._rpc.network
        if self._looked_back != network:
            await self._look_back(network)
            self._looked_back = network
        await self._follow(network, head)
        await self._send_queued(network)

    # ------------------------------------------------------------------------------- sending

    async def _send_queued(self, network: str) -> None:
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            waiting = await store.queued(uow, network, limit=BATCH)
        if not waiting:
            return
        sender = await self._signer.address()
        fees = await self._suggested()
        for row in waiting:
            await self._send_first(network, row, sender=sender, fees=fees)

    async def _send_first(
        self, network: str, row: TransactionRow, *, sender: str, fees: Fees
    ) -> None:
        try:
            gas = await self._gas(row, sender=sender)
            await self._check_funds(sender, int(row.value) + gas * fees.max_fee_wei)
        except RpcError as error:
            log.warning("the chain would refuse it", purpose=row.purpose, problem=str(error))
            async with self._database.transaction(SYSTEM) as uow:
                until = uow.now + timedelta(seconds=RETRY_S)
                await store.put_off(uow, row.id, problem=str(error), until=until)
            return
        seen = int(await self._rpc.call("eth_getTransactionCount", sender, "latest"), 16)
        async with self._database.transaction(SYSTEM) as uow:
            nonce = await store.take_nonce(uow, network=network, sender=sender, at_least=seen)
            if not await store.lay_into_lane(
                uow, row.id, sender=sender, nonce=nonce, gas_limit=gas
            ):
                await uow.rollback()  # the nonce was not used
                return
            signed = await self._sign(row, nonce=nonce, gas=gas, fees=fees)
            await store.add_attempt(
                uow, row.id, nonce=nonce, hash_=signed.hash, raw=signed.raw, fees=fees
            )
        self._halt("written")
        await self._broadcast(row.id, signed.raw)
        self._halt("sent")

    async def _gas(self, row: TransactionRow, *, sender: str) -> int:
        call = {"from": sender, "data": "0x" + row.data.hex(), "value": hex(int(row.value))}
        if row.recipient is not None:
            call["to"] = row.recipient
        estimate = int(await self._rpc.call("eth_estimateGas", call), 16)
        return estimate + estimate * GAS_ROOM_PERCENT // 100

    async def _check_funds(self, sender: str, needed_wei: int) -> None:
        """Without a nonce it can wait; with one it would hold up all behind it."""
        there = int(await self._rpc.call("eth_getBalance", sender, "latest"), 16)
        if there < needed_wei:
            raise RpcError(0, f"{sender} has {there} wei and needs up to {needed_wei}.")

    async def _sign(self, row: TransactionRow, *, nonce: int, gas: int, fees: Fees) -> Signed:
        spec = self._rpc.spec
        fields: dict[str, Any] = {
            "chainId": spec.chain_id,
            "nonce": nonce,
            "gas": gas,
            "value": int(row.value),
            "data": "0x" + row.data.hex(),
        }
        if row.recipient is not None:
            from eth_utils.address import to_checksum_address  # noqa: PLC0415

            fields["to"] = to_checksum_address(row.recipient)
        return await self._signer.sign({**fields, **self._fee_fields(fees)})

    def _fee_fields(self, fees: Fees) -> Fields:
        if self._rpc.spec.fees == "legacy":
            return {"gasPrice": fees.max_fee_wei}
        return {
            "type": 2,
            "maxFeePerGas": fees.max_fee_wei,
            "maxPriorityFeePerGas": fees.tip_wei,
        }

    async def _broadcast(self, transaction_id: str, raw: bytes) -> None:
        """Sends it; what a node says against it is settled by looking for it later."""
        self._sent_at[transaction_id] = datetime.now(UTC)
        try:
            await self._rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        except RpcError as error:
            log.info("a node did not take a transaction", id=transaction_id, problem=str(error))

    async def _suggested(self) -> Fees:
        limit = int(self._settings.max_fee_gwei * GWEI)
        if self._rpc.spec.fees == "legacy":
            price = min(int(await self._rpc.call("eth_gasPrice"), 16), limit)
            return Fees(max_fee_wei=price, tip_wei=price)
        block = await self._rpc.block("latest")
        base = int(block.base_fee_per_gas or "0x0", 16) if block is not None else 0
        try:
            tip = int(await self._rpc.call("eth_maxPriorityFeePerGas"), 16)
        except RpcError:  # not every node has it
            tip = _DEFAULT_TIP_WEI
        return suggested_fees(base_fee_wei=base, tip_wei=tip, limit_wei=limit)

    # ----------------------------------------------------------------------------- following

    async def _follow(self, network: str, head: int) -> None:
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            rows = await store.on_their_way(uow, network)
            forms = {row.id: await _forms(uow, row) for row in rows}
        for row in rows:
            receipt = await self._receipt(forms[row.id])
            if receipt is not None:
                await self._note(row, receipt, head)
                continue
            if row.state == "mined":
                log.warning("the chain took a block back", purpose=row.purpose)
                self._sent_at.pop(row.id, None)
                async with self._database.transaction(SYSTEM) as uow:
                    await store.set_unmined(uow, row.id)
            await self._pursue(row, forms[row.id], head)

    async def _receipt(self, forms: list[AttemptRow]) -> Receipt | None:
        for form in forms:
            receipt = await self._rpc.receipt(form.hash)
            if receipt is not None:
                return receipt
        return None

    async def _note(self, row: TransactionRow, receipt: Receipt, head: int) -> None:
        number = int(receipt.block_number, 16)
        block = await self._rpc.block(number)
        if block is None or block.hash != receipt.block_hash:
            return  # the node is changing its mind: look again
        deep_enough = depth_of(number, head=max(head, number)) >= self._finality
        if deep_enough:
            deep_enough = await self._rpc.all_agree(number, receipt.block_hash)
        worked = receipt.status == "0x1"
        async with self._database.transaction(SYSTEM) as uow:
            await store.set_mined(
                uow,
                row.id,
                hash_=receipt.transaction_hash,
                worked=worked,
                gas_used=int(receipt.gas_used, 16),
                contract_address=receipt.contract_address,
                block_number=number,
                block_hash=receipt.block_hash,
                block_time=datetime.fromtimestamp(int(block.timestamp, 16), UTC),
                is_final=deep_enough,
            )
        if deep_enough:
            self._sent_at.pop(row.id, None)
            if not worked:
                log.error("a transaction failed on the chain", purpose=row.purpose)

    async def _pursue(self, row: TransactionRow, forms: list[AttemptRow], head: int) -> None:
        """Sends it again, with a higher fee when it is stuck; or frees it from a nonce that
        somebody else has used."""
        assert row.sender is not None and row.nonce is not None
        if await self._is_displaced(row, head):
            log.error("another program uses this key: a nonce was taken", purpose=row.purpose)
            async with self._database.transaction(SYSTEM) as uow:
                await store.set_unmined(uow, row.id, requeue=True)
            return
        newest = forms[0]
        now = datetime.now(UTC)
        if now - newest.made_at > timedelta(seconds=self._settings.stuck_s):
            limit = int(self._settings.max_fee_gwei * GWEI)
            fees = bumped_fees(newest.fees, await self._suggested(), limit_wei=limit)
            if fees is not None:
                await self._replace(row, fees)
                return
        sent_at = self._sent_at.get(row.id)
        if sent_at is None or now - sent_at > timedelta(seconds=RESEND_S):
            await self._broadcast(row.id, newest.raw)

    async def _is_displaced(self, row: TransactionRow, head: int) -> bool:
        """Whether the nonce is used up in a block that is final, by none of our forms."""
        settled = head - self._finality + 1
        if settled < 0:
            return False
        used = int(await self._rpc.call("eth_getTransactionCount", row.sender, hex(settled)), 16)
        if row.nonce is None or used <= row.nonce:
            return False
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            forms = await _forms(uow, row)
        # A form may have been taken between the two looks.
        return await self._receipt(forms) is None

    async def _replace(self, row: TransactionRow, fees: Fees) -> None:
        assert row.nonce is not None and row.gas_limit is not None
        signed = await self._sign(row, nonce=row.nonce, gas=row.gas_limit, fees=fees)
        async with self._database.transaction(SYSTEM) as uow:
            await store.add_attempt(
                uow, row.id, nonce=row.nonce, hash_=signed.hash, raw=signed.raw, fees=fees
            )
        log.warning("a stuck transaction is sent with a higher fee", purpose=row.purpose)
        await self._broadcast(row.id, signed.raw)

    async def _look_back(self, network: str) -> None:
        """Takes up again what a restored chain has forgotten, oldest first."""
        while True:
            async with self._database.transaction(SYSTEM, read_only=True) as uow:
                rows = await store.newest_final(uow, network, limit=LOOK_BACK)
                forms = {row.id: await _forms(uow, row) for row in rows}
            gone = []
            for row in rows:
                if await self._receipt(forms[row.id]) is not None:
                    break
                gone.append(row)
            if not gone:
                return
            log.error("the chain has lost transactions that were final", count=len(gone))
            async with self._database.transaction(SYSTEM) as uow:
                for row in gone:
                    await store.set_unmined(uow, row.id)


async def _forms(uow: UnitOfWork, row: TransactionRow) -> list[AttemptRow]:
    return [] if row.nonce is None else await store.attempts(uow, row.id, nonce=row.nonce)
