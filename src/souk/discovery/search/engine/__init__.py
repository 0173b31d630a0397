"""The search engine: tantivy for words, usearch for meaning, one answer from both.

One process owns the index and writes it (`writer`); any number read its snapshots (`reader`). All
of it is blocking and derived: deleting the folder loses nothing that a rebuild does not bring back.
"""
