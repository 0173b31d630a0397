"""Likeness: which published files have content in common, also when saved anew or altered.

Described in docs/reference/lookup.md.
"""
