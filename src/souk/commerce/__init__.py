"""Commerce: what is bought, by whom, for how much, and how the money is divided."""
