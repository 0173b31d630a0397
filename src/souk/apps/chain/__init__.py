"""The local chain that `souk up` runs: anvil, with its state in the data folder."""
