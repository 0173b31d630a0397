"""Dated conversion rates, to show a price in the viewer's currency; no money moves by them."""
