#!/bin/sh
# Three nodes that mine, broadcast and agree, on ports 7000, 8000 and 9000.
# Ctrl-C stops them all. Flags go to `cairn up`; --help lists them.
cd "$(dirname "$0")" && exec cargo run --release -- up "$@"
