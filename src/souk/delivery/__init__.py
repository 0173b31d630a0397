"""Delivery: what was bought arrives, with the clients people already use."""
