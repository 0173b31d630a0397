"""Money: the double-entry ledger that other wings post to, and how money comes in."""
