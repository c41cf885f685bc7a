# shellcheck shell=bash
# For scripts that start and stop a server: sourced, not run. A server has a folder with its `pid` and `log`, and leads a session of its own.

# wait_until_healthy URL ROOT SECONDS
wait_until_healthy() {
  local deadline=$((SECONDS + $3)) pid
  pid=$(cat "$2/pid")
  while [ $SECONDS -lt $deadline ]; do
    curl --silent --fail --max-time 5 --output /dev/null "$1" && return 0
    kill -0 "$pid" 2>/dev/null || { echo "the server ended while it started:" >&2; tail -20 "$2/log" >&2; return 1; }
    sleep 0.1
  done
  echo "the server is not healthy after $3 s:" >&2
  tail -20 "$2/log" >&2
  stop_server "$2"
  return 1
}

# stop_server ROOT: asks it to end, waits 20 s, then ends it and everything of its session.
stop_server() {
  local pid deadline=$((SECONDS + 20))
  pid=$(cat "$1/pid" 2>/dev/null) || return 0
  kill "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null && [ $SECONDS -lt $deadline ]; do sleep 0.1; done
  local left
  for left in $(ps -o pid= --sid "$pid"); do kill -KILL "$left" 2>/dev/null || true; done
  rm -f "$1/pid"
}

# free_port: one on which nothing listens now.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# only_on_loopback ROOT: fails, and says where, if a process of the server's session listens on any other address.
only_on_loopback() {
  local pids elsewhere
  command -v ss >/dev/null || { echo "ss is needed, to see where the server listens" >&2; return 1; }
  pids=$(ps -o pid= --sid "$(cat "$1/pid")" | xargs | tr ' ' '|')
  elsewhere=$(ss --listening --tcp --numeric --processes --no-header | grep -E "pid=($pids)," |
    awk '{ sub(/:[0-9]+$/, "", $4); if ($4 !~ /^(127\.|\[::1\]|\[::ffff:127\.)/) print }' || true)
  [ -z "$elsewhere" ] || { echo "listens elsewhere than on loopback: $elsewhere" >&2; return 1; }
}
