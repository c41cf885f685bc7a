#!/usr/bin/env bash
# stop.sh ROOT: ends the server that start.sh started, and what it started.
set -euo pipefail
[ $# = 1 ] || { echo "usage: $0 ROOT" >&2; exit 2; }
. "$(dirname "$0")/../targets/server.sh"
stop_server "$1"
