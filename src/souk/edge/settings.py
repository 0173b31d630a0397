"""Settings of an edge node. Variables: `SOUK_EDGE_` + the field's name."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MIB = 2**20


class EdgeSettings(msgspec.Struct, frozen=True, kw_only=True):
    region: Annotated[str, Meta(pattern="^[a-z]{2}-[a-z]{2,12}$")] = "eu-west"
    """Where this node stands: one of the marketplace's regions."""
    home_url: str = "http://127.0.0.1:8000"
    """The marketplace's address."""
    token: str = ""
    """The join token; needed once, before the node has an identity in its data folder."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: Annotated[int, Meta(ge=0, le=65535)] = 8080
    """The port to listen on; 0 takes any that is free."""
    public_url: str = ""
    """How downloaders reach this node; `http://host:port` when empty."""
    data_dir: str = "./var/edge"
    """Where slices and the node's identity are kept; a folder of the region's name below it."""
    cache_bytes: Annotated[int, Meta(ge=16 * MIB)] = 10 * 1024 * MIB
    """Disk space for slices."""
    free_bytes_kept: Annotated[int, Meta(ge=0)] = 512 * MIB
    """Disk space that the cache leaves free whatever it may use."""
    memory_bytes: Annotated[int, Meta(ge=0)] = 32 * MIB
    """Memory for small slices that are asked for often, and as much for small answers of sites."""
    sites_share: Annotated[float, Meta(gt=0, le=0.9)] = 0.3
    """The share of `cache_bytes` that answers of sites may take; slices get what they leave."""
    answers: Annotated[int, Meta(ge=100, le=10_000_000)] = 100_000
    """Answers of sites that are kept at most: their heads are held in memory (about 2 KB each)."""
    answer_bytes: Annotated[int, Meta(ge=MIB)] = 1024 * MIB
    """A site's answer larger than this is passed on without being kept."""
    upload_bytes: Annotated[int, Meta(ge=0)] = 100 * MIB
    """How much a client may send to a site's origin with one request."""
    private_upstreams: bool = False
    """Whether sites' origins may lie in private networks or on this machine. Only for nodes whose
    sites all belong to people who may reach everything that the node reaches."""
    connections: Annotated[int, Meta(ge=16, le=100_000)] = 2048
    """Connections served at once; more wait."""
    connections_of_address: Annotated[int, Meta(ge=1, le=100_000)] = 256
    """Connections by TLS of one client address; more are closed."""
    tls_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """The port at which sites' own domains are served by TLS, with the certificates that home
    gives; none when 0."""
    tls_public_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """The port at which clients reach it, where that is another; `tls_port` when 0."""
    downloads: Annotated[int, Meta(ge=1, le=100_000)] = 256
    """Downloads under way at once; more are told to come back."""
    header_s: Annotated[int, Meta(ge=1, le=120)] = 10
    """How long a client may take to send a request's head."""
    send_s: Annotated[float, Meta(gt=0)] = 30.0
    """How long a client may take to read one slice (1 MiB)."""
    origin_s: Annotated[float, Meta(gt=0)] = 20.0
    """How long home or a peer may be silent in the middle of an answer."""
    heartbeat_s: Annotated[float, Meta(ge=0.2, le=60)] = 2.0
    """How often the node tells home how it is."""
    drain_s: Annotated[float, Meta(ge=0)] = 8.0
    """How long downloads under way may last when the node is asked to end."""
    engine: Literal["embedded", "nginx"] = "embedded"
    """Who answers clients: the node itself, or an nginx that it runs in front of itself."""
    nginx: Annotated[str, Meta(min_length=1)] = "nginx"
    """The nginx program, for the engine of this name: 1.22 or newer, with the slice module."""
    nginx_workers: Annotated[int, Meta(ge=0, le=256)] = 0
    """Worker processes of nginx; 0 runs one for each processor."""

    @property
    def slices_bytes(self) -> int:
        """Disk space for the node's own slices: nginx keeps copies of hot ones in the rest."""
        return self.cache_bytes - self.nginx_bytes

    @property
    def nginx_bytes(self) -> int:
        """Disk space for nginx's copies."""
        return self.cache_bytes // 4 if self.engine == "nginx" else 0

    @property
    def folder(self) -> Path:
        return Path(self.data_dir).resolve() / self.region
