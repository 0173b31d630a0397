"""Promotions: codes of a seller with which works cost less."""
