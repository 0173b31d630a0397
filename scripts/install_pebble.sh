#!/usr/bin/env sh
# The tests get certificates from Pebble, a small ACME authority; this installs it where possible.
command -v pebble >/dev/null 2>&1 && exit 0
how="Install pebble (Debian, Ubuntu: apt-get install pebble), or put the program on the PATH"
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "The tests of domains need pebble, and it is not installed. $how." >&2
  exit 1
fi
echo "Installing pebble for the tests of domains"
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update && apt-get install -y --no-install-recommends pebble; } >"$log" 2>&1 </dev/null; then
  tail -20 "$log" >&2
  echo "pebble could not be installed. $how." >&2
  exit 1
fi
rm -f "$log"
