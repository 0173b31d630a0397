"""Badges: who is behind a seller, checked and shown with the checks behind it; its reputation."""
