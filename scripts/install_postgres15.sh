#!/usr/bin/env sh
# The tests run the marketplace on the oldest PostgreSQL that it admits; this installs it where possible.
programs="${SOUK_TEST_POSTGRES15:-/usr/lib/postgresql/15/bin}"
[ -x "$programs/postgres" ] && exit 0
how="Install PostgreSQL 15 (Debian 12: apt-get install postgresql-15), or set SOUK_TEST_POSTGRES15 to its bin folder"
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "The tests on PostgreSQL 15 need it, and it is not installed. $how." >&2
  exit 1
fi
echo "Installing PostgreSQL 15 for the tests"
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
# No cluster of its own: each test makes one.
mkdir -p /etc/postgresql-common &&
  { [ -e /etc/postgresql-common/createcluster.conf ] ||
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf; }
if ! { apt-get update && apt-get install -y --no-install-recommends postgresql-15; } >"$log" 2>&1 </dev/null; then
  tail -20 "$log" >&2
  echo "PostgreSQL 15 could not be installed. $how." >&2
  exit 1
fi
rm -f "$log"
