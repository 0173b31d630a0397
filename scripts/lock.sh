#!/usr/bin/env bash
# Resolves requirements/*.in anew into *.txt: exact versions with hashes, and no index's name.
set -euo pipefail
cd "$(dirname "$0")/../requirements"
uv="${UV:-../.venv/bin/uv}"
lock() {
  "$uv" pip compile "$1.in" --output-file "$1.txt" --quiet --universal --python-version 3.11 \
    --generate-hashes --no-annotate --no-emit-index-url --custom-compile-command "make lock" "${@:2}"
}
lock bootstrap "$@"
lock run "$@"
lock dev --constraint run.txt "$@"
lock models --no-deps "$@"
