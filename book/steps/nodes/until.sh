#!/bin/sh
# Runs a program until it prints a line with the given word, then ends the program
# and shows its output.
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
