"""Marks in copies: a licence's id where the format has a place for it, and a fingerprint in the
weights."""
