"""Where blobs are kept."""

import msgspec


class BlobSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where bytes are kept. Variables: `SOUK_BLOBS_` + the field's name."""

    url: str = ""
    """`s3://bucket/prefix`, `gs://…` or `az://…` with the cloud's own variables for credentials;
    the folder `blobs` of the data folder when empty."""
