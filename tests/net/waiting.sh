# Functions that the scripts beside this one share. The scripts keep the logs of their
# processes below the folder $work.

fail() {
  echo "FAILED: $1" >&2
  find "$work" -name '*log' -exec tail -n 10 {} + >&2
  exit 1
}

# Waits until a command succeeds, for 60 seconds or those in $patience.
wait_for() {
  local what=$1 tries=0
  shift
  until "$@"; do
    tries=$((tries + 1))
    [ $tries -lt $((${patience:-60} * 10)) ] || fail "$what"
    sleep 0.1
  done
  echo "ok: $what"
}
