"""The use cases of wallets: look in, put money in, send money."""

from collections.abc import Sequence

import msgspec

from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.actor import Actor
from souk.kernel.ids import DepositId, OrganisationId, new_id
from souk.kernel.money import check_amount, currency
from souk.people.organisations.api import OrganisationsApi
from souk.treasury.ledger.api import Ledger, Posting, external, wallet
from souk.treasury.payments import errors, store
from souk.treasury.payments.api import DepositIntent, PaymentProvider, SettlementNotice
from souk.treasury.payments.development import NAME as DEVELOPMENT
from souk.treasury.payments.events import DepositSettled, WalletTransferMade
from souk.treasury.payments.store import DepositRow
from souk_client.contracts.treasury import (
    Balance,
    Deposit,
    DepositRequest,
    Transfer,
    TransferRequest,
    Wallet,
)


class PaymentService:
    """Implements `souk.treasury.payments.api.Payments`."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        organisations: OrganisationsApi,
        providers: Sequence[PaymentProvider],
        is_production: bool,
    ) -> None:
        self._ledger = ledger
        self._organisations = organisations
        self._providers = {provider.name: provider for provider in providers}
        self._is_production = is_production

    async def wallet(self, uow: UnitOfWork, actor: Actor, organisation_id: str | None) -> Wallet:
        chosen = actor.acting_for(organisation_id)
        return Wallet(
            organisation_id=chosen,
            balances=[
                Balance(
                    currency=balance.currency,
                    available_minor=balance.available_minor,
                    held_minor=balance.held_minor,
                    owed_minor=balance.owed_minor,
                )
                for balance in await self._ledger.balances(uow, chosen)
            ],
        )

    async def deposit(self, uow: UnitOfWork, actor: Actor, request: DepositRequest) -> Deposit:
        user_id = actor.require_user()
        owner = actor.acting_for(request.organisation_id)
        provider = self._provider(request.provider)
        intent = DepositIntent(
            id=DepositId(new_id("dep", uow.now)),
            amount_minor=check_amount(request.amount_minor),
            currency=currency(request.currency).code,
        )
        started = await provider.start(intent)
        row = DepositRow(
            id=intent.id,
            owner_organisation_id=owner,
            amount_minor=intent.amount_minor,
            currency=intent.currency,
            provider=provider.name,
            provider_reference=started.reference,
            state="pending",
            transfer_id=None,
            next_url=started.next_url,
            failure=None,
            created_by=user_id,
            created_at=uow.now,
            settled_at=None,
        )
        await store.add(uow, row)
        if started.settled:
            row = await self._credit(uow, row)
        return row.answer()

    async def get_deposit(self, uow: UnitOfWork, actor: Actor, deposit_id: str) -> Deposit:
        actor.require_user()
        row = await store.get(uow, deposit_id)
        if row is None or not (actor.is_admin or actor.belongs_to(row.owner_organisation_id)):
            raise errors.deposit_unknown()
        return row.answer()

    async def settle(self, uow: UnitOfWork, notice: SettlementNotice) -> Deposit:
        row = await store.lock_by_reference(uow, notice.provider, notice.reference)
        if row is None:
            raise errors.deposit_unknown()
        if (notice.amount_minor, notice.currency) != (row.amount_minor, row.currency):
            raise errors.deposit_mismatch()
        if row.state != "pending":
            if row.state != notice.outcome:
                raise errors.deposit_final(row.state)
            return row.answer()
        if notice.outcome == "failed":
            await store.mark_failed(uow, row.id, notice.reason)
            return msgspec.structs.replace(
                row, state="failed", failure=notice.reason[:500]
            ).answer()
        return (await self._credit(uow, row)).answer()

    async def transfer(self, uow: UnitOfWork, actor: Actor, request: TransferRequest) -> Transfer:
        payer = actor.acting_for(request.organisation_id)
        if not actor.manages(payer):
            raise errors.not_manager()
        code = currency(request.currency).code
        amount_minor = check_amount(request.amount_minor)
        payee = (await self._organisations.get(uow, request.to_organisation_id)).id
        if payee == payer:
            raise errors.transfer_to_self()
        await self._ledger.collect_debt(uow, payer, code)
        transfer_id = await self._ledger.post(
            uow,
            kind="transfer",
            idempotency_key=f"transfer:{new_id('trf', uow.now)}",
            postings=(
                Posting(wallet(payer, code), -amount_minor),
                Posting(wallet(payee, code), amount_minor),
            ),
            note=request.note,
        )
        uow.publish(
            WalletTransferMade(
                transfer_id=transfer_id,
                from_organisation_id=payer,
                to_organisation_id=payee,
                amount_minor=amount_minor,
                currency=code,
                note=request.note,
            )
        )
        return Transfer(
            id=transfer_id,
            kind="transfer",
            amount_minor=amount_minor,
            currency=code,
            created_at=uow.now,
        )

    def _provider(self, name: str) -> PaymentProvider:
        if name == DEVELOPMENT and self._is_production:
            raise errors.provider_refused(name)
        provider = self._providers.get(name)
        if provider is None:
            raise errors.provider_unknown(name, self._providers)
        return provider

    async def _credit(self, uow: UnitOfWork, row: DepositRow) -> DepositRow:
        """Puts a deposit's money into its wallet. The key makes a second time impossible."""
        owner = OrganisationId(row.owner_organisation_id)
        transfer_id = await self._ledger.post(
            uow,
            kind="deposit",
            idempotency_key=f"deposit:{row.id}",
            postings=(
                Posting(external(row.provider, row.currency), -row.amount_minor),
                Posting(wallet(owner, row.currency), row.amount_minor),
            ),
            reference=row.id,
            note=f"Deposit through {row.provider}",
        )
        await store.mark_settled(uow, row.id, transfer_id)
        await self._ledger.collect_debt(uow, owner, row.currency)
        uow.publish(
            DepositSettled(
                deposit_id=row.id,
                organisation_id=owner,
                amount_minor=row.amount_minor,
                currency=row.currency,
                provider=row.provider,
                transfer_id=transfer_id,
            )
        )
        return msgspec.structs.replace(
            row, state="settled", transfer_id=transfer_id, settled_at=uow.now
        )
