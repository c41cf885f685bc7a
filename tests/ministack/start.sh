#!/usr/bin/env bash
# start.sh PORT VENV ROOT: MiniStack on 127.0.0.1:PORT, its files in ROOT. Returns when it is healthy; ends with 1 if it is not in time.
# Its pid is in ROOT/pid, its log in ROOT/log. stop.sh ROOT ends it.
set -euo pipefail
[ $# = 3 ] || { echo "usage: $0 PORT VENV ROOT" >&2; exit 2; }
. "$(dirname "$0")/../targets/server.sh"
port=$1 venv=$(realpath "$2") root=$(mkdir -p "$3" && realpath "$3")

mkdir -p "$root/tmp"
settings=(
  BIND_HOST=127.0.0.1 GATEWAY_PORT="$port" MINISTACK_HOST=127.0.0.1
  IOT_MTLS_ENABLED=0 SFTP_ENABLED=0 # these listen on every address, whatever BIND_HOST says
  LAMBDA_EXECUTOR=local             # functions as processes
  TMPDIR="$root/tmp"
)
env "${settings[@]}" setsid "$venv/bin/ministack" >"$root/log" 2>&1 </dev/null &
echo $! >"$root/pid"
wait_until_healthy "http://127.0.0.1:$port/_localstack/health" "$root" 60
