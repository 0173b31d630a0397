"""Checks the whole of the books against what must always hold. Reads every posting."""

from typing import Final

from souk.infra.postgres.uow import UnitOfWork

_CHECKS: Final = (
    (
        "transfers whose postings do not sum to zero in a currency",
        """
        SELECT p.transfer_number::text
        FROM ledger.postings p JOIN ledger.accounts a ON a.id = p.account_id
        GROUP BY p.transfer_number, a.currency HAVING sum(p.amount_minor) <> 0
        """,
    ),
    (
        "transfers with fewer than two postings",
        """
        SELECT t.id FROM ledger.transfers t WHERE (
            SELECT count(*) FROM ledger.postings p WHERE p.transfer_number = t.number
        ) < 2
        """,
    ),
    (
        "postings without their transfer or account",
        """
        SELECT p.transfer_number::text FROM ledger.postings p
            LEFT JOIN ledger.transfers t ON t.number = p.transfer_number
            LEFT JOIN ledger.accounts a ON a.id = p.account_id
        WHERE t.id IS NULL OR a.id IS NULL
        """,
    ),
    (
        "accounts whose balance is not the sum of their postings",
        """
        SELECT concat_ws(' ', b.kind, b.name, b.currency)
        FROM ledger.balances b LEFT JOIN (
            SELECT account_id, sum(amount_minor) AS total FROM ledger.postings GROUP BY account_id
        ) AS p ON p.account_id = b.id
        WHERE b.balance_minor <> coalesce(p.total, 0)
        """,
    ),
    (
        "accounts below their floor, or without the one they must have",
        """
        SELECT concat_ws(' ', kind, name, currency) FROM ledger.balances
        WHERE balance_minor < floor_minor
            OR (kind IN ('wallet', 'held')) <> (floor_minor IS NOT NULL)
        """,
    ),
    (
        "postings whose balance does not follow from the one before",
        """
        SELECT concat_ws(' ', account_id, transfer_number) FROM (
            SELECT account_id, transfer_number, balance_after_minor,
                sum(amount_minor) OVER (PARTITION BY account_id ORDER BY transfer_number) AS total
            FROM ledger.postings WHERE balance_after_minor IS NOT NULL
        ) AS chain
        WHERE balance_after_minor <> total
        """,
    ),
    (
        "postings that keep a balance where there is no floor, or keep none where there is",
        """
        SELECT concat_ws(' ', p.account_id, p.transfer_number)
        FROM ledger.postings p JOIN ledger.balances b ON b.id = p.account_id
        WHERE (b.floor_minor IS NULL) <> (p.balance_after_minor IS NULL)
        """,
    ),
    (
        "currencies whose accounts do not sum to zero",
        """
        SELECT currency FROM ledger.balances GROUP BY currency HAVING sum(balance_minor) <> 0
        """,
    ),
    (
        "reversals that are not the opposite of their transfer, party by party",
        """
        WITH moved AS (
            SELECT t.id, coalesce(a.owner_organisation_id, concat_ws(' ', a.kind, a.name)) AS party,
                a.currency, sum(p.amount_minor) AS total
            FROM ledger.transfers t
                JOIN ledger.postings p ON p.transfer_number = t.number
                JOIN ledger.accounts a ON a.id = p.account_id
            WHERE t.reverses IS NOT NULL
                OR t.id IN (SELECT reverses FROM ledger.transfers WHERE reverses IS NOT NULL)
            GROUP BY 1, 2, 3
        )
        SELECT r.id FROM ledger.transfers r JOIN moved m ON m.id IN (r.id, r.reverses)
        WHERE r.reverses IS NOT NULL
        GROUP BY r.id, m.party, m.currency HAVING sum(m.total) <> 0
        """,
    ),
    (
        "held accounts that are not the sum of their active holds",
        """
        SELECT concat_ws(' ', b.name, b.currency)
        FROM ledger.balances b LEFT JOIN (
            SELECT owner_organisation_id, currency, sum(amount_minor) AS total
            FROM ledger.holds WHERE state = 'active' GROUP BY 1, 2
        ) AS h ON h.owner_organisation_id = b.name AND h.currency = b.currency
        WHERE b.kind = 'held' AND b.balance_minor <> coalesce(h.total, 0)
        """,
    ),
    (
        "organisations that owe less than nothing",
        """
        SELECT concat_ws(' ', name, currency) FROM ledger.balances
        WHERE kind = 'owed' AND balance_minor > 0
        """,
    ),
)
_SHOWN: Final = 5
_TIME_LIMIT: Final = "30min"


async def check_invariants(uow: UnitOfWork) -> list[str]:
    """What is wrong with the books, one line a rule that is broken; empty when they are sound.

    Args:
        uow: in the system's scope, else it sees only a part.
    """
    problems = []
    await uow.execute(f"SET LOCAL statement_timeout = '{_TIME_LIMIT}'")
    for rule, sql in _CHECKS:
        found = await uow.values(f"SELECT * FROM ({sql}) AS broken LIMIT {_SHOWN + 1}")
        if found:
            more = ", …" if len(found) > _SHOWN else ""
            problems.append(f"{rule}: {', '.join(map(str, found[:_SHOWN]))}{more}")
    return problems
