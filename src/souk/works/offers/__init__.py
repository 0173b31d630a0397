"""Offers: an edition's price, licence terms, split plan and stock."""
