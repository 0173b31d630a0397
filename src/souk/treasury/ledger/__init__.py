"""The double-entry ledger: accounts, transfers that only ever append, holds and statements.

Other contexts use `souk.treasury.ledger.api`.
"""
