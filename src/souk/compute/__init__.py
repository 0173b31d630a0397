"""Compute: work done with what is on the market, in processes of its own."""
