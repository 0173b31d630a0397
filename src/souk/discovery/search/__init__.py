"""Finds published listings by plain words: by the words themselves and by what they mean.

Public names: `api` (ask from other contexts), `model` (what may be asked). The index is derived:
deleting `<data folder>/search` loses nothing, the worker builds it again from PostgreSQL.
"""
