"""Xet: files as content-defined chunks, so that a new version costs only what changed."""
