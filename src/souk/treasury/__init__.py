"""Money: the double-entry ledger every other wing posts to, and the doors through which money comes in."""
