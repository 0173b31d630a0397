"""The whole journey on a throw-away marketplace, step by step, with a picture of each real answer.

`run.run_demo` runs it (`make demo`, `souk demo`); `marketplace.throw_away_marketplace` also serves
the benches.
"""
