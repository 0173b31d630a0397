"""Announces that certificates of their owners' own end soon."""

from typing import Final

from souk.delivery.assets import domain_store
from souk.delivery.assets.events import CertificateEnding
from souk.infra.postgres.uow import UnitOfWork

EVERY_S: Final = 600.0


async def announce_ending(uow: UnitOfWork) -> int:
    """Announces each once within 30, 7 and 1 days of its end (system scope); how many it did."""
    ending = await domain_store.newly_ending(uow)
    for row in ending:
        uow.publish(
            CertificateEnding(
                domain_id=row.domain_id,
                organisation_id=row.organisation_id,
                name=row.name,
                not_after=row.not_after,
                days=row.days,
            )
        )
    return len(ending)
