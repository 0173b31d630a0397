"""Blobs: durable bytes under a name, on the local disk or in an object store."""
