#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# hackbench.sh GROUPS LOOPS: processes that send each other messages.
set -eu

hackbench -g "$1" -l "$2" -s 100 > hackbench.log
grep -c '^Time' hackbench.log
