"""Licensed downloads: short-lived signed addresses, and bytes with ranges and resumption."""
