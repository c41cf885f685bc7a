#!/usr/bin/env bash
# run.sh STEPSTACK [localstack|ministack]...: the demo stacks on other targets than the local cloud, each started here on 127.0.0.1 and stopped again.
# A target whose packages cannot be installed is skipped, and says so.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/targets/server.sh
stepstack=$(realpath "$1"); shift
[ $# -gt 0 ] || set -- localstack ministack
folder=$PWD/target/targets
# The server that runs now, which must not outlive this.
root=
trap '[ -z "$root" ] || { stop_server "$root"; rm -rf "$root"; }' EXIT
export PYTHONDONTWRITEBYTECODE=1

# stacks_of TARGET VENV: those that can stand there. The applications' credit bureaus are in DynamoDB.
stacks_of() {
  if [ "$1" = localstack ] && [ ! -d "$2/dynamodb-local" ]; then
    echo hello-world call-center
  else
    echo hello-world call-center credit-card credit-card-jsonata
  fi
}

# The stacks' own test cases, all of them: their `skipOn` says which cannot be judged there.
test_stacks() {
  local target=$1 endpoint=$2 stack files=() begin=$SECONDS
  shift 2
  for stack; do files+=("stacks/$stack.yaml"); done
  timeout 300 "$stepstack" test "${files[@]}" --target localstack --endpoint-url "$endpoint" --quiet </dev/null || return 1
  echo "ok stepstack test on $target: $((SECONDS - begin)) s"
}

one_target() {
  local target=$1 venv=$folder/$1 port code=0 stacks
  timeout 600 "tests/$target/install.sh" "$venv" || code=$?
  [ $code != 77 ] || { echo "skipped: the stacks on $target, which could not be installed"; return 0; }
  [ $code = 0 ] || { echo "$target: install.sh ended with $code" >&2; return 1; }
  stacks=$(stacks_of "$target" "$venv")
  [[ $stacks = *credit-card* ]] || echo "skipped: the credit-card stacks on $target, which has no DynamoDB here"
  local begin=$SECONDS
  port=$(free_port)
  root=$(mktemp -d)
  timeout 90 "tests/$target/start.sh" "$port" "$venv" "$root" || { echo "$target did not start" >&2; return 1; }
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
  # shellcheck disable=SC2086
  test_stacks "$target" "http://127.0.0.1:$port" $stacks || code=$?
  # MiniStack 1.4 does not know `Items` of a Map in JSONata: docs/targets.md.
  [ "$target" != ministack ] || stacks=${stacks/credit-card-jsonata/}
  # shellcheck disable=SC2086
  timeout 600 "$venv/bin/python" tests/targets/smoke.py "$stepstack" "http://127.0.0.1:$port" $stacks || code=$?
  only_on_loopback "$root" || code=1
  [ $code = 0 ] || { echo "--- the end of $target's log:" >&2; tail -50 "$root/log" | cut -c1-400 >&2; }
  "tests/$target/stop.sh" "$root"
  rm -rf "$root"
  root=
  [ $code = 0 ] && echo "$target: $((SECONDS - begin)) s"
}

failed=0
for target; do one_target "$target" || { echo "FAILED $target"; failed=1; }; done
exit $failed
