#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# git.sh: two commits of a tree, and what they hold.
set -eu

export GIT_AUTHOR_DATE='2025-01-01T00:00:00Z' GIT_COMMITTER_DATE='2025-01-01T00:00:00Z' GIT_CONFIG_NOSYSTEM=1 HOME=/tmp
printf '[user]\n\tname = hmode\n\temail = hmode@localhost\n[gc]\n\tauto = 0\n' > /tmp/.gitconfig
git init -q -b main one
cd one
for n in 1 2; do
	seq "$n" "$((n * 400))" > numbers
	git add numbers
	git commit -q -m "commit $n"
done
git log --format=%H --stat
