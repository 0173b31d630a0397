"""People: who somebody is, which organisations they belong to, and how they prove it."""
