#!/bin/sh
# Exits with 0 while the process answers.
set -eu

exec node --input-type=module --eval '
  const answer = await fetch(`http://127.0.0.1:${process.env.KEYWARD_PORT}/healthz`).catch(() => null);
  process.exit(answer?.ok === true ? 0 : 1);
'
