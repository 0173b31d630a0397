"""Writing to the books: accounts by their ids, and a batch of which each transfer fails alone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from souk.infra.postgres.uow import LastAnswer, UnitOfWork
from souk.kernel.errors import SoukError
from souk.kernel.ids import TransferId
from souk.treasury.ledger import errors, store
from souk.treasury.ledger.api import AccountRef
from souk.treasury.ledger.encoding import arguments_of
from souk.treasury.ledger.model import Entry, Outcome, decide

MAX_REMEMBERED: Final = 200_000


class Books:
    """Records entries in a transaction; remembers the ids of accounts, which never change."""

    def __init__(self) -> None:
        self._account_ids: dict[AccountRef, int] = {}

    def arguments(self, entries: Sequence[Entry]) -> dict[str, object] | None:
        """A batch made ready for `record` before its turn; None while an account is unknown."""
        try:
            return arguments_of(entries, self._account_ids)
        except KeyError:
            return None

    async def record(self, uow: UnitOfWork, entries: Sequence[Entry]) -> list[Outcome]:
        """Records those entries that can be, in order; answers what became of each.

        Args:
            uow: the transaction; it must be rolled back on any error.
            entries: well-formed transfers.

        Raises:
            Unavailable: `ledger_busy` when others used the same keys at the same moment.
        """
        account_ids = await self._ids(uow, entries)
        verdict = await store.record(uow, arguments_of(entries, account_ids))
        if verdict is None:
            return [entry.id for entry in entries]
        decided = decide(entries, verdict, account_ids)
        going = [entry for entry, outcome in zip(entries, decided, strict=True) if outcome is None]
        if going and await store.record(uow, arguments_of(going, account_ids)):
            raise errors.busy()
        return [
            entry.id if outcome is None else outcome
            for entry, outcome in zip(entries, decided, strict=True)
        ]

    def record_last(self, uow: UnitOfWork, ready: dict[str, object]) -> LastAnswer:
        """Records, with the commit, all entries of which `arguments` made this, or none.

        The answer's value is None when they were recorded.
        """
        return store.record_last(uow, ready)

    async def record_one(self, uow: UnitOfWork, entry: Entry) -> Outcome:
        """Records one entry, or answers why not."""
        (outcome,) = await self.record(uow, [entry])
        return outcome

    async def _ids(self, uow: UnitOfWork, entries: Iterable[Entry]) -> Mapping[AccountRef, int]:
        known = self._account_ids
        missing = list(
            {
                account: None
                for entry in entries
                for account in entry.accounts
                if account not in known
            }
        )
        if not missing:
            return known
        found = dict(zip(missing, await store.open_accounts(uow, missing), strict=True))
        uow.after_commit(lambda: self._remember(found))
        return {**known, **found}

    def _remember(self, found: Mapping[AccountRef, int]) -> None:
        """Keeps ids of accounts that are committed; an undone account would have no id."""
        if len(self._account_ids) + len(found) > MAX_REMEMBERED:
            self._account_ids = {}
        self._account_ids.update(found)


def id_or_raise(outcome: Outcome) -> TransferId:
    """The id of what was recorded; raises the refusal otherwise."""
    if isinstance(outcome, SoukError):
        raise outcome
    return outcome
