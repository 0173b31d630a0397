"""Benches: one module a promise in numbers. `python -m bench NAME…` runs them; see `_harness`."""
