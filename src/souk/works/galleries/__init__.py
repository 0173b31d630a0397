"""Galleries: a listing's pictures, decoded in a limited child and served re-encoded, never raw."""
