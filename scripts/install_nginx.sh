#!/usr/bin/env sh
# The tests run edge nodes behind nginx as well; this installs it where that is possible.
for name in "${SOUK_EDGE_NGINX:-}" nginx /usr/sbin/nginx; do
  [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 && exit 0
done
how="Install nginx (Debian, Ubuntu: apt-get install nginx-light), or set SOUK_EDGE_NGINX to one"
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "The tests of edge nodes need nginx, and it is not installed. $how." >&2
  exit 1
fi
echo "Installing nginx for the tests of edge nodes"
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
# Its own service is of no use here: each node runs an nginx of its own.
policy=/usr/sbin/policy-rc.d
[ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && made=1; }
apt-get update >"$log" 2>&1 </dev/null &&
  apt-get install -y --no-install-recommends nginx-light >>"$log" 2>&1 </dev/null
status=$?
[ -z "${made:-}" ] || rm -f "$policy"
if [ "$status" -ne 0 ]; then
  tail -20 "$log" >&2
  echo "nginx could not be installed. $how." >&2
  exit 1
fi
rm -f "$log"
