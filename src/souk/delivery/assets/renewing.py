"""The worker's part: certificates are ordered and renewed, and proofs looked at again."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from souk.delivery.assets import domain_store
from souk.delivery.assets.acme_account import Account, AcmeFailed, fresh_account_key
from souk.delivery.assets.certificates import checked
from souk.delivery.assets.domain_store import DomainRow
from souk.delivery.assets.domains import DomainService
from souk.delivery.assets.settings import AssetSettings
from souk.infra.keyring import Keyring
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.errors import SoukError

if TYPE_CHECKING:  # slow to import, and only who orders a certificate needs it
    from souk.delivery.assets.acme_client import Authority

SEAL: Final = "acme-account"
EVERY_S: Final = 5.0
_CHALLENGES_LIVE: Final = timedelta(days=1)

log = structlog.get_logger("souk.assets")


class Renewing:
    """Gets certificates for proven domains, one at a time."""

    def __init__(
        self,
        database: Database,
        *,
        domains: DomainService,
        keyring: Keyring,
        settings: AssetSettings,
    ) -> None:
        self._database = database
        self._domains = domains
        self._keyring = keyring
        self._settings = settings

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            try:
                while await self.step():
                    pass
                await self._domains.look_again()
            except Exception:
                log.exception("seeing to domains failed; trying again")
            await asyncio.sleep(EVERY_S)

    async def step(self) -> bool:
        """Gets one certificate that is due; whether there was one."""
        if not self._settings.acme_directory:
            return False
        settings = self._settings
        async with self._database.transaction(SYSTEM) as uow:
            renew_before = uow.now + timedelta(days=settings.renew_days)
            await domain_store.order_due(uow, renew_before=renew_before)
            again_at = uow.now + timedelta(seconds=3 * settings.acme_timeout_s)
            row = await domain_store.take_order(uow, again_at=again_at)
        if row is None:
            return False
        try:
            await self._get(row)
        except (AcmeFailed, SoukError) as error:
            log.warning("no certificate came", domain=row.name, problem=str(error))
            async with self._database.transaction(SYSTEM) as uow:
                await domain_store.put_off(
                    uow, row.id, problem=f"The authority gives no certificate: {error}"
                )
        return True

    async def _get(self, row: DomainRow) -> None:
        authority = await self._authority()
        try:
            order = await asyncio.to_thread(authority.order, row.name)
            async with self._database.transaction(SYSTEM) as uow:
                await domain_store.forget_challenges(uow, before=uow.now - _CHALLENGES_LIVE)
                for one in order.challenges():
                    await domain_store.put_challenge(
                        uow, token=one.token, domain_name=row.name, answer=one.answer
                    )
            given = await asyncio.to_thread(order.finish, self._settings.acme_timeout_s)
        finally:
            authority.close()
        async with self._database.transaction(SYSTEM) as uow:
            fresh = await domain_store.domain(uow, row.id)
            if fresh is not None and fresh.proven_at is not None:
                found = checked(given.chain_pem, given.key_pem, name=row.name, now=uow.now)
                await self._domains.keep(uow, fresh, found, source="acme")
                await domain_store.end_order(uow, row.id)

    async def _authority(self) -> "Authority":
        """The authority, signed in; the account is made when there is none."""
        from souk.delivery.assets.acme_client import Authority  # noqa: PLC0415

        settings = self._settings
        async with self._database.transaction(SYSTEM, read_only=True) as uow:
            known = await domain_store.account_key(uow, settings.acme_directory)
        if known is None:
            account = Account(key_pem=await asyncio.to_thread(fresh_account_key), address="")
        else:
            account = Account(key_pem=self._keyring.open(SEAL, known[0]), address=known[1])
        authority = Authority(settings.acme_directory, account, ca_file=settings.acme_ca_file)
        address = await asyncio.to_thread(authority.open, settings.acme_contact)
        if known is None:
            async with self._database.transaction(SYSTEM) as uow:
                await domain_store.keep_account(
                    uow,
                    settings.acme_directory,
                    sealed=self._keyring.seal(SEAL, account.key_pem),
                    address=address,
                )
        return authority
