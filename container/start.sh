#!/bin/sh
# The first process of the container until Keyward takes its place: `serve` by default, or any other command of Keyward's.
set -eu

# Files are their owner's alone, and a crash writes no memory, in which keys are, to disk.
umask 077
ulimit -c 0

exec node "$(dirname "$0")/../bin/keyward.js" "$@"
