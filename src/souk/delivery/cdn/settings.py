"""Settings of the CDN's control plane. Variables: `SOUK_CDN_` + the field's name."""

from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from souk.delivery.cdn.model import is_loopback


class CdnSettings(msgspec.Struct, frozen=True, kw_only=True):
    local_regions: str = "na-east,na-west,eu-west,ap-south,ap-northeast,sa-east"
    """Regions for which `souk up` runs a small node on this machine; none when `-`, and none where
    the marketplace is reached from other machines: they could not reach these nodes."""
    local_cache_bytes: Annotated[int, Meta(ge=16 * 2**20)] = 512 * 2**20
    """Disk space for the slices of each of these."""
    country_data: str = ""
    """A file of country data for geoip2fast; the packaged one when empty, none when `-`."""
    silent_s: Annotated[float, Meta(ge=1, le=600)] = 10.0
    """A node that has said nothing for so long counts as down."""
    probe_s: Annotated[float, Meta(ge=0.05, le=30)] = 0.5
    """How long a node that answered is taken to be there before it is asked again."""
    probe_timeout_s: Annotated[float, Meta(ge=0.05, le=10)] = 0.4
    """How long a node may take to answer that."""
    purge_s: Annotated[float, Meta(ge=0.1, le=30)] = 0.9
    """How long a purge waits for the nodes to confirm."""
    secret_hours: Annotated[float, Meta(gt=0)] = 24.0
    """How old a node's secret gets before it is given another."""
    keep_commands_hours: Annotated[int, Meta(ge=1)] = 168
    """How long a purge is remembered for nodes that are away; later they forget everything."""
    keep_usage_days: Annotated[int, Meta(ge=1)] = 90
    """How long figures by minute are kept."""
    hash_at_once_bytes: Annotated[int, Meta(ge=0)] = 32 * 2**20
    """Files up to this size are hashed for nodes when first asked for; larger ones beside it, and
    the marketplace serves them itself until that is done."""

    max_sites: Annotated[int, Meta(ge=0, le=10_000)] = 20
    """How many sites an organisation may have."""
    private_upstreams: bool = False
    """Whether a site's origin may lie in a private network or on this machine: only for use among
    people who trust each other. Nodes on other machines have a setting of their own for it."""

    availability_target: Annotated[float, Meta(gt=0, le=1)] = 0.999
    """The share of minutes in which a region has to be there, which reports are measured by."""
    local_provider: bool = False
    """Whether scaling may run nodes on this machine also where the marketplace is reached from
    other machines; where it is reached on loopback it may anyway."""
    pin_share: Annotated[float, Meta(gt=0, le=0.9)] = 0.5
    """The share of a node's cache that may be filled ahead of its users."""
    pin_bytes: Annotated[int, Meta(ge=0)] = 100 * 2**30
    """What one organisation may pin, over all regions and copies."""
    placements_each: Annotated[int, Meta(ge=1, le=1000)] = 100
    """Placements of one organisation."""
    demand_requests: Annotated[int, Meta(ge=1)] = 100
    """So many requests for a file in a region, within the window, keep one copy of it there."""
    demand_window_s: Annotated[int, Meta(ge=60, le=86_400)] = 600
    """How far back requests count for that."""
    demand_cool_down_s: Annotated[int, Meta(ge=0)] = 1800
    """How long demand has to be below half of that before a copy is let go."""

    def regions_here(self, base_url: str) -> list[str]:
        """The regions of this machine's own small nodes.

        Args:
            base_url: how the marketplace is reached.
        """
        if not is_loopback(urlsplit(base_url).hostname):
            return []
        return [name.strip() for name in self.local_regions.split(",") if name.strip(" -")]
