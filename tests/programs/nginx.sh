#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nginx.sh REQUESTS: as many of a page over the loopback.
set -eu

busybox ip link set lo up
echo root:x:0:0::/root:/bin/sh > /etc/passwd
echo root:x:0: > /etc/group
mkdir -p html logs /var/lib/nginx /var/log/nginx
seq 500 > html/index.html
cat > nginx.conf <<C
user root;
worker_processes 1;
daemon on;	# it returns when it listens
pid $PWD/nginx.pid;
error_log $PWD/error.log;
events { worker_connections 64; }
http { access_log $PWD/access.log; server { listen 127.0.0.1:8080; location / { root $PWD/html; } } }
C
nginx -c "$PWD/nginx.conf"
ab -q -k -n "$1" -c 8 http://127.0.0.1:8080/index.html > ab.log
sed -n '/^\(Complete\|Failed\|Document Length\|HTML transferred\)/p' ab.log
nginx -c "$PWD/nginx.conf" -s quit
while [ -e nginx.pid ]; do :; done	# it logs a request behind its answer
wc -l < access.log
