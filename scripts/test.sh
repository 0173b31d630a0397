#!/usr/bin/env sh
# Every check, as CI runs them: test.sh FOLDER_OF_PROGRAMS. Some tests need programs that only root
# can install. Whoever is not root and lacks one gets every other check, and is told what was left out.
set -eu
bin=$1
missing=""
without=""
for name in browser nginx pebble postgres15; do
  "scripts/install_$name.sh" && continue
  [ "$(id -u)" -ne 0 ] || exit 1
  missing="$missing $name"
  without="$without and not $name"
done

say_what_is_left_out() {
  [ -n "$missing" ] || return 0
  echo "Not everything was checked. These tests were left out:" >&2
  for name in $missing; do "scripts/install_$name.sh" || true; done
}
trap say_what_is_left_out EXIT

"$bin/ruff" check .
"$bin/ruff" format --check .
"$bin/mypy"
"$bin/lint-imports"
"$bin/pytest" -q -n 3 --dist loadfile --no-loadscope-reorder -m "not alone$without"
"$bin/pytest" -q -m "alone$without"
