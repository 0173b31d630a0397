"""The provenance log: an append-only Merkle log of what happened to every work.

Appending happens inside the caller's transaction; one sequencer gives entries their place, keeps
the tree and signs its heads. What the entries say: docs/reference/provenance.md.
"""
