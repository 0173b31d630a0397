"""Settings of IPFS. Variables: `SOUK_IPFS_` + the field's name."""

from typing import Annotated

import msgspec
from msgspec import Meta

MIB = 2**20


class IpfsSettings(msgspec.Struct, frozen=True, kw_only=True):
    max_import_bytes: Annotated[int, Meta(ge=MIB, le=2**44)] = 8192 * MIB
    """The largest CAR file that is taken in, and the most that its files may have together."""
    max_import_blocks: Annotated[int, Meta(ge=1, le=10**7)] = 200_000
    """The most blocks of a CAR file, and the most links that are followed in it."""
    import_timeout_s: Annotated[float, Meta(gt=0)] = 3600.0
    """How long a CAR file may take to arrive."""
    max_pins: Annotated[int, Meta(ge=1)] = 10_000
    """The most pins of an organisation."""
    fetch_gateway: str = ""
    """A trustless gateway, such as `https://trustless-gateway.example`, from which pins are fetched
    that are not here yet; without one such pins fail, and say so."""
    fetch_timeout_s: Annotated[float, Meta(gt=0)] = 600.0
    """How long fetching a pin may take."""
    remote_endpoint: str = ""
    """A pinning service elsewhere (Pinning Service API) that shall keep every version which
    everybody may have, such as `https://pins.example/psa`; none without one."""
    remote_token: str = ""
    """The access token for that service."""
    remote_timeout_s: Annotated[float, Meta(gt=0)] = 30.0
    """How long that service may take to answer."""
