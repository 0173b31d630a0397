"""Listings: a work's public face: draft, published, retired; its card, licence and versions."""
