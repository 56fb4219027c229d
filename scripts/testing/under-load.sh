#!/usr/bin/env bash
# Runs a command while every core is busy with something else, as the cores of a shared machine are.
set -u

readonly HELP='scripts/testing/under-load.sh COMMAND [ARGUMENT ...]

Runs the command beside one busy loop per core, and ends with its exit status. The loops end with it.

  LOOPS=N   how many loops there are (default: one per core)

For example: scripts/testing/under-load.sh npm test'

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
  echo "$HELP"
  exit 0
fi
if [ $# -eq 0 ]; then
  echo "$HELP" >&2
  exit 64
fi

loops=()
end_loops() {
  for loop in "${loops[@]}"; do kill -KILL "$loop" 2>/dev/null; done
  wait "${loops[@]}" 2>/dev/null
  loops=()
}
# A signal reaches the command too where it comes from a terminal; where only this script is told, the command is told here.
end_all() {
  [ -n "${command:-}" ] && kill -"$1" "$command" 2>/dev/null
  wait "${command:-}" 2>/dev/null
  exit "$2"
}
trap end_loops EXIT
trap 'end_all INT 130' INT
trap 'end_all TERM 143' TERM

# A loop that outlives a killed script would keep its core busy for ever: it looks once a second who its parent is.
readonly LOOP='const parent = process.ppid
setImmediate(function spin() {
  for (const until = Date.now() + 1000; Date.now() < until; );
  if (process.ppid === parent) setImmediate(spin)
})'
for ((n = ${LOOPS:-$(getconf _NPROCESSORS_ONLN)}; n > 0; n--)); do
  node -e "$LOOP" &
  loops+=($!)
done
echo "busy loops: ${loops[*]}" >&2

"$@" &
command=$!
wait "$command"
