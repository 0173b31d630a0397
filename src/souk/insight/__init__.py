"""Insight: what happens, told to those whom it concerns."""
