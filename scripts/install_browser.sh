#!/usr/bin/env sh
# The browser tests drive the system's Chromium; this installs it where that is possible.
for name in "${SOUK_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
  [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 && exit 0
done
how="Install Chromium (Debian, Ubuntu: apt-get install chromium), or set SOUK_CHROMIUM to a Chrome"
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "The browser tests need Chromium, and it is not installed. $how." >&2
  exit 1
fi
echo "Installing Chromium for the browser tests"
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update && apt-get install -y --no-install-recommends chromium; } >"$log" 2>&1 </dev/null; then
  tail -20 "$log" >&2
  echo "Chromium could not be installed. $how." >&2
  exit 1
fi
rm -f "$log"
