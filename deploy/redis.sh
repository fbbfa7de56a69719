#!/bin/sh
# Starts Redis for the nodes: one user, who may do what a node does and nothing else, and no other. The password comes
# from REDIS_PASSWORD; its hash alone is written. Further arguments are those of redis-server.
set -eu
umask 077
if [ -z "${REDIS_PASSWORD:-}" ]; then
  echo 'REDIS_PASSWORD is not set: the head of docker-compose.yml says how to make it' >&2
  exit 1
fi
file="$(mktemp)"
hash="$(printf %s "$REDIS_PASSWORD" | sha256sum | cut -d ' ' -f 1)"
# The same as in docs/deployment.md.
cat > "$file" << RULES
user default off
user millrace on #$hash resetkeys ~millrace:*:limits:* resetchannels &millrace:* &millrace:*:rooms#/* -@all +publish +subscribe +unsubscribe +psubscribe +punsubscribe +pubsub|numsub +ping +hello +client|setname +eval +evalsha +set +incrby +pttl +expire +multi +exec
RULES
unset REDIS_PASSWORD
# Redis only makes delivery faster; PostgreSQL is the truth, so nothing is kept.
exec redis-server --save '' --appendonly no --aclfile "$file" "$@"
