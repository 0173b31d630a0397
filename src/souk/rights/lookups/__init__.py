"""Look-up of files: who published one first, who has rights in it, and which others are like it.

Described in docs/reference/lookup.md.
"""
