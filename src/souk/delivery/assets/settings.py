"""Settings of assets. Variables: `SOUK_ASSETS_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta

MIB = 2**20


class AssetSettings(msgspec.Struct, frozen=True, kw_only=True):
    max_asset_bytes: Annotated[int, Meta(ge=1024, le=2**40)] = 256 * MIB
    """The largest asset."""
    max_bytes: Annotated[int, Meta(ge=MIB, le=2**50)] = 5120 * MIB
    """How much all assets of an organisation may have together."""
    max_assets: Annotated[int, Meta(ge=1, le=10**7)] = 10_000
    """How many assets an organisation may have."""
    node_age_s: Annotated[int, Meta(ge=0, le=365 * 86_400)] = 86_400
    """How long nodes keep an asset without asking; when it changes they are told at once."""
    near_bytes: Annotated[int, Meta(ge=0)] = 64 * 1024
    """Assets from this size on are sent from the node nearest to who asks, by a redirect."""
    max_text_bytes: Annotated[int, Meta(ge=0, le=64 * MIB)] = 8 * MIB
    """Texts up to this size are minified and compressed."""
    max_source_bytes: Annotated[int, Meta(ge=1024, le=256 * MIB)] = 32 * MIB
    """Pictures up to this size have variants."""
    max_pixels: Annotated[int, Meta(ge=10_000, le=400_000_000)] = 40_000_000
    """The most pixels, width times height, that are decoded."""
    memory_bytes: Annotated[int, Meta(ge=512 * MIB)] = 3072 * MIB
    """Address space of the process that makes variants."""
    cpu_s: Annotated[int, Meta(ge=1, le=600)] = 20
    """Processor time that making something may take."""
    timeout_s: Annotated[float, Meta(gt=0, le=600)] = 30.0
    """How long making something may take in all."""
    at_once: Annotated[int, Meta(ge=1, le=64)] = 2
    """How much a process makes at once."""
    waiting: Annotated[int, Meta(ge=0, le=1000)] = 32
    """How many more may wait for their turn."""
