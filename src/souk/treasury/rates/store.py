"""The SQL of rates."""

from collections.abc import Sequence

from souk.infra.postgres.uow import UnitOfWork
from souk.treasury.rates.model import Quote


async def put(uow: UnitOfWork, quotes: Sequence[Quote]) -> int:
    """Keeps quotes; one of the same source, pair and day is corrected. Answers how many changed."""
    return await uow.execute(
        """
        INSERT INTO rates.quotes AS q (base, currency, as_of, source, rate, recorded_at)
        SELECT n.base, n.currency, n.as_of, n.source, n.rate, %(now)s
        FROM unnest(%(bases)s::text[], %(currencies)s::text[], %(days)s::date[],
            %(sources)s::text[], %(rates)s::numeric[]) AS n(base, currency, as_of, source, rate)
        ON CONFLICT (base, currency, as_of, source)
            DO UPDATE SET rate = excluded.rate, recorded_at = excluded.recorded_at
            WHERE q.rate <> excluded.rate
        """,
        bases=[quote.base for quote in quotes],
        currencies=[quote.currency for quote in quotes],
        days=[quote.as_of for quote in quotes],
        sources=[quote.source for quote in quotes],
        rates=[quote.rate for quote in quotes],
        now=uow.now,
    )


async def newest(uow: UnitOfWork) -> list[Quote]:
    """The newest quote of each pair up to today; of one day, what was recorded last."""
    return await uow.all(
        Quote,
        """
        SELECT DISTINCT ON (base, currency) base, currency, as_of, source, rate FROM rates.quotes
        WHERE as_of <= %(today)s
        ORDER BY base, currency, as_of DESC, recorded_at DESC, source
        """,
        today=uow.now.date(),
    )
