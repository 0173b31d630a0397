"""Artifacts: content named by the sha256 of its plaintext, uploaded in parts, scanned, held."""
