"""Dated conversion rates, to show a price in the viewer's currency and to price it on a chain."""
