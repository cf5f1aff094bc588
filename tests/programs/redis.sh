#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# redis.sh REQUESTS: as many of each kind, and what the server holds then.
set -eu

export LC_ALL=C		# the packages have no locales but that
busybox ip link set lo up
redis-server --save '' --appendonly no --hz 1 --enable-debug-command local > server.log 2>&1 &
until [ "$(redis-cli ping 2>&1)" = PONG ]; do
	kill -0 $! || { cat server.log >&2; exit 1; }
done
redis-benchmark -n "$1" -c 10 -r 1000 --seed 1 -t set,get,incr,lpush,lrange_100,mset -q > benchmark.log
redis-cli dbsize
redis-cli llen mylist
redis-cli debug digest
redis-cli shutdown nosave
wait
