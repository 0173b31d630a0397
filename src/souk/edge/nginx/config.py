"""The whole configuration of nginx, from a node's settings."""

import math
import os
import pwd
from pathlib import Path
from typing import Final

import msgspec

from souk.edge.settings import EdgeSettings
from souk.edge.slices import SLICE_BYTES

SMALL_BYTES: Final = 256 * 2**20
"""Disk space for whole small answers, which live for a second."""
HEAD_BYTES: Final = 16 * 1024
"""A request's head may have so many bytes, as at the embedded server."""
SLICES: Final = "/_slices/"
"""Below this nginx finds the slices of files that are handed over; no client gets there."""
SECRET_HEADER: Final = "souk-front"
CLIENT_HEADER: Final = "souk-client"
KEY_HEADER: Final = "souk-key"
_PLAIN_BY: Final = (
    "$souk_other$http_range$http_if_match$http_if_none_match$http_if_modified_since",
    "$http_if_unmodified_since$http_souk_edge_hop$http_content_length$http_transfer_encoding",
)
_KEYS_BY_MIB: Final = 8000
_PROBLEM: Final = (
    '{{"type":"/docs/errors#{code}","status":{status},"code":"{code}",'
    '"title":"{title}","detail":"{detail}"}}'
)


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where nginx keeps what it needs: all below the node's data folder, sockets aside."""

    folder: Path
    sockets: Path

    @property
    def config(self) -> Path:
        return self.folder / "nginx.conf"

    @property
    def log(self) -> Path:
        return self.folder / "access.log"

    @property
    def errors(self) -> Path:
        return self.folder / "error.log"

    @property
    def slices(self) -> Path:
        return self.folder / "slices"

    @property
    def small(self) -> Path:
        return self.folder / "small"

    @property
    def node_socket(self) -> Path:
        return self.sockets / "node.sock"

    @property
    def status_socket(self) -> Path:
        return self.sockets / "status.sock"


def nginx_config(
    settings: EdgeSettings, places: Places, *, port: int, secret: str, region: str
) -> str:
    """The text of `nginx.conf`.

    Args:
        port: where clients reach nginx.
        secret: with it nginx proves to the node that it asks for a slice, and no client does.
    """
    keys_mib = max(1, math.ceil(settings.nginx_bytes / SLICE_BYTES / _KEYS_BY_MIB * 1.25))
    kept = f" min_free={settings.free_bytes_kept}" if settings.free_bytes_kept else ""
    workers = settings.nginx_workers or "auto"
    return f"""\
# Written by `souk edge` at every start: changes made here are lost.
{_user()}daemon off;
worker_processes {workers};
worker_rlimit_nofile {4 * settings.connections + 1024};
worker_shutdown_timeout {math.ceil(settings.drain_s)}s;
pcre_jit on;
pid {places.folder}/nginx.pid;
lock_file {places.folder}/nginx.lock;
error_log {places.errors} warn;

events {{
  worker_connections {settings.connections};
}}

http {{
  access_log off;
  server_tokens off;
  default_type application/octet-stream;
  client_body_temp_path {places.folder}/temp/body;
  proxy_temp_path {places.folder}/temp/proxy;
  fastcgi_temp_path {places.folder}/temp/fastcgi;
  scgi_temp_path {places.folder}/temp/scgi;
  uwsgi_temp_path {places.folder}/temp/uwsgi;

  # Slow clients and large heads.
  client_header_timeout {settings.header_s}s;
  client_body_timeout {settings.header_s}s;
  send_timeout {math.ceil(settings.send_s * 1000)}ms;
  reset_timedout_connection on;
  keepalive_timeout 75s;
  keepalive_requests 10000;
  client_header_buffer_size 4k;
  large_client_header_buffers 2 {HEAD_BYTES};
  client_body_buffer_size 64k;
  client_max_body_size 2m;

  sendfile on;
  tcp_nopush on;
  output_buffers 2 256k;

  proxy_cache_path {places.small} levels=2 keys_zone=souk_small:16m inactive=10s
    max_size={SMALL_BYTES} use_temp_path=off;
  proxy_cache_path {places.slices} levels=2 keys_zone=souk_slices:{keys_mib}m inactive=30d
    max_size={settings.nginx_bytes}{kept} use_temp_path=off;
  limit_conn_zone $server_name zone=souk_downloads:64k;

  upstream souk_node {{
    server unix:{places.node_socket};
    keepalive 32;
    keepalive_timeout 5s;
  }}
  proxy_http_version 1.1;
  proxy_connect_timeout 5s;
  proxy_read_timeout {math.ceil(3 * settings.origin_s + 10)}s;
  proxy_send_timeout 60s;
  proxy_max_temp_file_size 0;

  # One line for each answer that the node has asked to have counted.
  log_format souk escape=json '{{"at":$msec,"seller":"$upstream_http_souk_count$souk_seller",'
    '"status":$status,"sent":$body_bytes_sent,"hit":"$upstream_http_souk_hit$souk_had",'
    '"began":"$upstream_header_time",'
    '"whole":"$request_completion","method":"$request_method"}}';
  map $upstream_http_souk_count$souk_seller $souk_counts {{
    "" 0;
    default 1;
  }}
  # What asks for something other than the whole of a file is nothing to be kept.
  map $request_method $souk_other {{
    GET "";
    default 1;
  }}
  map "{"".join(_PLAIN_BY)}" $souk_plain {{
    "" "";
    default 1;
  }}
  # What the node says of a file, unless nginx knows better.
  map $upstream_cache_status:$souk_said $souk_cache_status {{
    "~^HIT:(hit|miss)$" "souk-{region}; hit";
    "~:partial$" "souk-{region}; fwd=partial";
    "~:hit$" "souk-{region}; hit";
    default "souk-{region}; fwd=miss";
  }}

  server {{
    listen unix:{places.status_socket};
    location / {{
      stub_status;
    }}
  }}

  server {{
    listen {_listen(settings.host, port)} backlog=1024;
    server_name souk;
    access_log {places.log} souk buffer=64k flush=500ms if=$souk_counts;
    error_page 404 @nothing;
    error_page 494 =431 /_souk/431;
    error_page 413 @too_large;
    error_page 502 504 @no_node;
    error_page 503 @busy;
    limit_conn_status 503;
    proxy_set_header Host $http_host;
    proxy_set_header Connection "";
    proxy_set_header {CLIENT_HEADER} $remote_addr;
    proxy_set_header {SECRET_HEADER} "";
    proxy_set_header {KEY_HEADER} "";
    proxy_hide_header souk-count;
    proxy_hide_header souk-hit;

    # Whatever is not a download is the node's alone: its commands, its health, sites. What an
    # origin of somebody else's says to an nginx is not for this one.
    location / {{
      access_log off;
      client_max_body_size 0;
      proxy_request_buffering off;
      proxy_pass http://souk_node;
      proxy_buffering off;
      proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering
        X-Accel-Charset Cache-Control Expires Set-Cookie Vary;
    }}

    # Downloads. The node answers every address that it has not answered within this second; whole
    # small files may be kept so long, and for the very same address only.
    location /d/ {{
      if ($souk_plain) {{
        return 418;
      }}
      error_page 418 = @plain;
      limit_conn souk_downloads {settings.downloads};
      proxy_pass http://souk_node;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_set_header {CLIENT_HEADER} $remote_addr;
      proxy_set_header {SECRET_HEADER} "";
      proxy_set_header {KEY_HEADER} $request_uri;
      proxy_cache souk_small;
      proxy_cache_key $request_uri;
      proxy_cache_use_stale updating;  # one asks again, the others do not wait for it
      proxy_ignore_headers Cache-Control Expires Vary Set-Cookie;
      proxy_buffer_size 16k;
      proxy_buffers 16 16k;
      open_file_cache max=10000 inactive=5s;
    }}
    location @plain {{
      limit_conn souk_downloads {settings.downloads};
      proxy_pass http://souk_node;
      proxy_buffering off;
    }}

    # Files that the node has handed over. Each slice is asked for once, and is cached under its
    # file's sha256 and a number that changes with every purge.
    location ~ "^{SLICES}(?<souk_number>[0-9a-f]+)/(?<souk_sha256>[0-9a-f]{{64}})/\
(?<souk_said>[a-z]+)/(?<souk_had>[0-9]+)/(?<souk_seller>[A-Za-z0-9_-]*)/\
(?<souk_name>[^/]+)/[^/]+$" {{
      internal;
      slice {SLICE_BYTES};
      proxy_pass http://souk_node;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_set_header {SECRET_HEADER} {secret};
      proxy_set_header souk-range $http_range;
      proxy_set_header Range $slice_range;
      proxy_set_header If-Range "";
      proxy_set_header If-Match "";
      proxy_set_header If-None-Match "";
      proxy_set_header Accept-Encoding identity;
      proxy_cache souk_slices;
      proxy_cache_key $souk_number/$souk_sha256/$slice_range;
      proxy_cache_min_uses 2;
      proxy_cache_lock on;
      proxy_cache_lock_timeout 60s;
      proxy_cache_lock_age 60s;
      proxy_ignore_headers Cache-Control Expires Vary Set-Cookie;
      proxy_buffer_size 16k;
      proxy_buffers 16 64k;
      proxy_busy_buffers_size 256k;
      add_header Cache-Control "private, no-transform, max-age=0";
      add_header Content-Disposition "attachment; filename*=UTF-8''$souk_name";
      add_header X-Content-SHA256 $souk_sha256;
      add_header X-Content-Type-Options nosniff;
      add_header Content-Security-Policy "default-src 'none'; sandbox";
      add_header Referrer-Policy no-referrer;
      add_header Cache-Status $souk_cache_status;
    }}

    location @nothing {{
      default_type application/problem+json;
      return 404 '{_problem(404, "route_unknown", "There is nothing at this address.")}';
    }}
    location = /_souk/431 {{
      internal;
      default_type application/problem+json;
      return 431 '{_problem(431, "head_too_large", "A head may have at most 16 KiB.")}';
    }}
    location @too_large {{
      default_type application/problem+json;
      return 413 '{_problem(413, "body_too_large", "The body is too large.")}';
    }}
    location @no_node {{
      default_type application/problem+json;
      add_header Retry-After 1 always;
      return 503 '{_problem(503, "node_not_ready", "This node does not serve now.")}';
    }}
    location @busy {{
      default_type application/problem+json;
      add_header Retry-After 1 always;
      return 503 '{_problem(503, "node_busy", "This node has as many downloads as it takes.")}';
    }}
  }}
}}
"""


def _problem(status: int, code: str, detail: str) -> str:
    title = code.replace("_", " ").capitalize()
    return _PROBLEM.format(status=status, code=code, title=title, detail=detail)


def _listen(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _user() -> str:
    """nginx started by root would work as nobody, and not reach the node's folder."""
    return f"user {pwd.getpwuid(0).pw_name};\n" if os.geteuid() == 0 else ""
