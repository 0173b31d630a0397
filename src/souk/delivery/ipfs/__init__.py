"""IPFS: published content by its CID for those who may have it, CAR files, pins here and there."""
