#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# compress.sh COMMAND BACK LINES: as many lines of text, compressed and back again.
set -eu

seq "$3" | awk '{ printf "%d %x %d line of text %s\n", $1, $1 * 48271 % 65537, $1 % 13, substr("abcdefghijklmnop", $1 % 11) }' > text
$1 < text > small
[ "$($2 < small | md5sum)" = "$(md5sum < text)" ]
wc -c < text
wc -c < small
