"""Edge nodes as processes: one of its own, or the small ones that `souk up` runs."""
