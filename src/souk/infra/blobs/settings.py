"""Where blobs are kept."""

import msgspec


class BlobSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where bytes are kept. Variables: `SOUK_BLOBS_` + the field's name."""

    url: str = ""
    """`s3://bucket/prefix`, `gs://…` or `az://…` with the cloud's own variables for credentials;
    the folder `blobs` of the data folder when empty."""
    encrypt: bool = False
    """Whether new blobs are encrypted with AES-256-GCM, each under a key of its own; those that are
    there already stay as they are, and both are read. `souk keys rotate storage` changes the key
    that wraps all others."""
