"""The pure rules: what counts as the same content, and who may go when not all of a batch can."""

from datetime import UTC, datetime
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.errors import SoukError
from souk.kernel.ids import TransferId
from souk.treasury.ledger.api import AccountRef, Posting, Transfer, external, wallet
from souk.treasury.ledger.encoding import quoted
from souk.treasury.ledger.model import Verdict, decide, entry_of

AT = datetime(2026, 1, 1, tzinfo=UTC)
WALLETS = [wallet(f"org_{letter}", "USD") for letter in "abc"]
IDS: dict[AccountRef, int] = {account: number for number, account in enumerate(WALLETS, start=1)}
OUTSIDE = external("test", "USD")
IDS[OUTSIDE] = 9

moves = st.lists(
    st.tuples(
        st.sampled_from([*WALLETS, OUTSIDE]),
        st.sampled_from([*WALLETS, OUTSIDE]),
        st.integers(1, 100),
        st.integers(0, 5),
    ).filter(lambda move: move[0] != move[1]),
    max_size=30,
)


@given(st.dictionaries(st.sampled_from([1, 2, 3]), st.integers(0, 150)), moves)
def test_a_batch_is_decided_as_if_each_transfer_came_alone(
    balances: dict[int, int], moves: list[tuple[AccountRef, AccountRef, int, int]]
) -> None:
    balances = {1: 0, 2: 0, 3: 0, **balances}
    entries = [
        entry_of(
            Transfer(
                kind="gift",
                idempotency_key=f"key{key}",
                postings=(Posting(source, -amount), Posting(target, amount)),
            ),
            AT,
        )
        for source, target, amount, key in moves
    ]
    together = decide(entries, Verdict(balances=balances, known={}, reversed=[]), IDS)

    known: dict[str, tuple[TransferId, str]] = {}
    alone = dict(balances)
    for entry, outcome in zip(entries, together, strict=True):
        verdict = Verdict(balances=alone, known=dict(known), reversed=[])
        (expected,) = decide([entry], verdict, IDS)
        assert describe(outcome) == describe(expected)
        if outcome is None:
            known[entry.transfer.idempotency_key] = (entry.id, entry.content_hash)
            for account, amount in zip(entry.accounts, entry.amounts, strict=True):
                if IDS[account] in alone:
                    alone[IDS[account]] += amount
        assert all(balance >= 0 for balance in alone.values())


def describe(outcome: object) -> object:
    return outcome.code if isinstance(outcome, SoukError) else outcome


amounts = st.dictionaries(st.sampled_from(WALLETS), st.integers(1, 10**6), min_size=1)


@given(amounts, st.randoms())
def test_content_is_the_same_in_any_order_and_split_into_parts(
    parts: dict[AccountRef, int], chance: Random
) -> None:
    whole = [Posting(account, amount) for account, amount in parts.items()]
    pieces = [
        Posting(account, piece)
        for account, amount in parts.items()
        for piece in ([amount] if amount == 1 else [1, amount - 1])
    ]
    chance.shuffle(pieces)
    taken = Posting(OUTSIDE, -sum(parts.values()))
    first, second = (
        entry_of(Transfer(kind="gift", idempotency_key="key", postings=(*postings, taken)), AT)
        for postings in (whole, pieces)
    )
    assert first.content_hash == second.content_hash
    assert sum(first.amounts) == 0
    more = (*whole, Posting(WALLETS[0], 1), Posting(OUTSIDE, -1), taken)
    other = entry_of(Transfer(kind="gift", idempotency_key="key", postings=more), AT)
    assert other.content_hash != first.content_hash


@given(st.text(st.characters(exclude_characters='\\"')))
def test_plain_text_is_only_put_in_quotes(text: str) -> None:
    assert quoted(text) == f'"{text}"'
