"""Searches that people keep, and news of works that match them."""
