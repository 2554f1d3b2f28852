#!/bin/sh
# Runs a program until it prints a line that has a word in it, then ends the program,
# and shows what it printed.
#
#   ./until.sh WORD PROGRAM [ARGUMENT...]
word=$1
shift
printed=$(mktemp)
"$@" >"$printed" 2>&1 &
while ! grep -q "$word" "$printed" && kill -0 $! 2>/dev/null; do
  sleep 0.1
done
kill $! 2>/dev/null
cat "$printed"
rm "$printed"
