#!/usr/bin/env bash
# install.sh VENV: MiniStack into a virtual environment. Ends with 77 and one line that says why, if a package cannot be had.
set -euo pipefail
[ $# = 1 ] || { echo "usage: $0 VENV" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
venv=$1
stamp=$(cat "$here"/{requirements.txt,install.sh} | sha256sum)
[ "$(cat "$venv/stamp" 2>/dev/null)" = "$stamp" ] && exit 0

skip() { echo "MiniStack cannot be installed: $*" >&2; exit 77; }
rm -rf "$venv"
python3 -m venv "$venv" || skip "python3 makes no virtual environment"
"$venv/bin/pip" --disable-pip-version-check install --quiet -r "$here/requirements.txt" || skip "pip could not install its packages"
echo "$stamp" >"$venv/stamp"
