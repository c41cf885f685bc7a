#!/usr/bin/env bash
# start.sh PORT VENV ROOT: LocalStack on 127.0.0.1:PORT, its files in ROOT. Returns when it is healthy; ends with 1 if it is not in time.
# Its pid is in ROOT/pid, its log in ROOT/log. stop.sh ROOT ends it.
set -euo pipefail
[ $# = 3 ] || { echo "usage: $0 PORT VENV ROOT" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../targets/server.sh"
port=$1 venv=$(realpath "$2") root=$(mkdir -p "$3" && realpath "$3")

lib=$root/var/lib/localstack/lib
mkdir -p "$root/tmp"
services=()
if [ -d "$venv/dynamodb-local" ]; then
  mkdir -p "$lib/dynamodb-local"
  ln -sfn "$venv/dynamodb-local" "$lib/dynamodb-local/2"
else # else it would be downloaded
  services=(SERVICES=iam,lambda,logs,sns,sqs,stepfunctions,sts STRICT_SERVICE_LOADING=1)
fi

settings=(
  GATEWAY_SERVER=loopback GATEWAY_LISTEN="127.0.0.1:$port" LOCALSTACK_HOST="127.0.0.1:$port"
  DNS_ADDRESS=0                             # no DNS server
  OVERRIDE_IN_DOCKER=0                      # a virtual machine may look like a container
  FILESYSTEM_ROOT="$root" TMPDIR="$root/tmp"
  DISABLE_EVENTS=1 SKIP_SSL_CERT_DOWNLOAD=1 # nothing is sent or fetched
  LAMBDA_RUNTIME_EXECUTOR=process STEPSTACK_SHIMS="$here/../../src/local/lambda/shim"
  SQS_ENDPOINT_STRATEGY=off                 # URLs of queues that functions can resolve
  DYNAMODB_IN_MEMORY=1
  AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1
)
env "${settings[@]}" "${services[@]}" setsid "$venv/bin/python" -m localstack.runtime.main >"$root/log" 2>&1 </dev/null &
echo $! >"$root/pid"
wait_until_healthy "http://127.0.0.1:$port/_localstack/health" "$root" 60
