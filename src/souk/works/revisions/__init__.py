"""Revisions: immutable trees path → artifact with parents, refs that move, versions that do not."""
