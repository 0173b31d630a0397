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
    timeout_s: Annotated[float, Meta(gt=0, le=600)] = 60.0
    """How long making something may take in all; then it is tried again when it is next asked
    for."""
    at_once: Annotated[int, Meta(ge=1, le=64)] = 2
    """How much a process makes at once."""
    waiting: Annotated[int, Meta(ge=0, le=1000)] = 32
    """How many more may wait for their turn."""
    max_domains: Annotated[int, Meta(ge=0)] = 20
    """How many domains an organisation may have."""
    resolver: str = ""
    """The name server that is asked for the proof of a domain, such as `192.0.2.1` or
    `192.0.2.1:5353`; this machine's own when empty."""
    check_private: bool = False
    """Whether a proof may lie at a private address: only for trying out."""
    check_port: Annotated[int, Meta(ge=1, le=65535)] = 80
    """The port at which the file of a proof is looked for."""
    check_timeout_s: Annotated[float, Meta(gt=0, le=60)] = 5.0
    """How long each step of a look at a domain may take; all of it twice as long."""
    check_hours: Annotated[float, Meta(gt=0)] = 24.0
    """How often a proof is looked at again; a domain that has lost it for a week ends."""
    acme_directory: str = ""
    """The authority that gives certificates (RFC 8555), such as
    `https://acme-v02.api.letsencrypt.org/directory`; none without one. By naming it the operator
    agrees to its terms."""
    acme_contact: str = ""
    """The mail address that the authority writes to."""
    acme_ca_file: str = ""
    """Certificates by which the authority itself is known, where the system's do not do."""
    acme_timeout_s: Annotated[float, Meta(gt=0, le=600)] = 90.0
    """How long the authority may take for one certificate."""
    renew_days: Annotated[float, Meta(gt=0)] = 30.0
    """How long before its end a certificate is renewed, if that is less than a third of its
    life."""
