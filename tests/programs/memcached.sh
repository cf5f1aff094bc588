#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# memcached.sh ITEMS: as many set and read back over the loopback.
set -eu

busybox ip link set lo up
echo root:x:0:0::/root:/bin/sh > /etc/passwd
echo root:x:0: > /etc/group
memcached -u root -l 127.0.0.1 -t 1 -m 64 &
until memcping --servers=127.0.0.1 > /dev/null 2>&1; do
	kill -0 $!
done
memcslap --servers=127.0.0.1 --test=set --execute-number="$1" --concurrency=1 > slap.log
memcslap --servers=127.0.0.1 --test=get --initial-load="$1" --execute-number="$1" --concurrency=1 >> slap.log
memcstat --servers=127.0.0.1 | sed -n 's/^[[:blank:]]*\(curr_items\|cmd_set\|cmd_get\|get_misses\):/\1/p'
kill %1
