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

# processes_of ROOT: the server, its descendants, and what else is of its session.
processes_of() {
  ps -e -o pid=,ppid=,sid= | awk -v server="$(cat "$1/pid")" '
    { parent[$1] = $2; if ($1 == server || $3 == server) of[$1] = 1 }
    END {
      do { grown = 0; for (pid in parent) if (!(pid in of) && parent[pid] in of) { of[pid] = 1; grown = 1 } } while (grown)
      for (pid in of) print pid
    }'
}

# stop_server ROOT: asks it to end, waits 5 s, then ends what is left of it.
stop_server() {
  local pid processes deadline=$((SECONDS + 5))
  pid=$(cat "$1/pid" 2>/dev/null) || return 0
  processes=$(processes_of "$1")
  kill "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null && [ $SECONDS -lt $deadline ]; do sleep 0.1; done
  for pid in $processes; do kill -KILL "$pid" 2>/dev/null || true; done
  rm -f "$1/pid"
}

# free_port: one on which nothing listens now.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# only_on_loopback ROOT: fails, and says where, if a process of the server listens on any other address.
only_on_loopback() {
  local pids elsewhere
  command -v ss >/dev/null || { echo "ss is needed, to see where the server listens" >&2; return 1; }
  pids=$(processes_of "$1" | paste -sd '|')
  elsewhere=$(ss --listening --tcp --numeric --processes --no-header |
    awk -v pids="pid=($pids)," '$0 ~ pids && $4 !~ /^(127\.|\[::1\]:|\[::ffff:127\.)/')
  [ -z "$elsewhere" ] || { echo "listens elsewhere than on loopback: $elsewhere" >&2; return 1; }
}
