#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# git.sh COMMITS: a repository with as many, a merge, a pack and a clone of it.
set -eu

export GIT_AUTHOR_DATE='2025-01-01T00:00:00Z' GIT_COMMITTER_DATE='2025-01-01T00:00:00Z' GIT_CONFIG_NOSYSTEM=1 HOME=/tmp
git config --global user.name hmode
git config --global user.email hmode@localhost
git config --global init.defaultBranch main
git config --global gc.auto 0
git init -q one
cd one
mkdir -p a/b c
for n in $(seq "$1"); do
	for file in a/x a/b/y c/z; do
		seq "$n" "$((n * 40 + 200))" > $file
	done
	git add -A
	git commit -q -m "commit $n"
done
git checkout -q -b side HEAD~2
echo side > side
git add side
git commit -q -m side
git merge -q -m merge main
git gc -q
git fsck --strict
cd ..
git clone -q one two
git -C two log --format=%H -3
git -C two diff --stat HEAD~1 HEAD
