#!/usr/bin/env sh
# Says what is wrong when Node is missing or too old to build the pages.
node="${1:-node}"
advice="Install Node 20.19 or newer (https://nodejs.org), or name yours: make NODE=/path/to/node"
if ! command -v "$node" >/dev/null 2>&1; then
  echo "Souk's pages are built with Node, and '$node' is not installed. $advice" >&2
  exit 1
fi
version=$("$node" --version)
rest=${version#v}
major=${rest%%.*}
minor=${rest#*.}
minor=${minor%%.*}
if [ "$major" -lt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -lt 19 ]; }; then
  echo "Node $version is too old to build Souk's pages. $advice" >&2
  exit 1
fi
