# SPDX-License-Identifier: BSD-2-Clause
# Shared by the scripts of this folder: messages, the cache, and what is in it.
# A script sets `here` to this folder and sources this file.

cache=${HMODE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hmode}
top=$(dirname "$here")
build=${BUILD:-$top/build}

# The launcher reads it as well (hmode/tree.py).
min_qemu=10

say()
{
	printf '  %-7s %s\n' "$1" "$2" >&2
}

# die MESSAGE [HINT]: what went wrong, then what to do about it.
die()
{
	printf 'hmode: %s\n' "$1" >&2
	[ $# -lt 2 ] || printf '       %s\n' "$2" >&2
	exit 1
}

# refuse MESSAGE [CHOICES]: a value that the user gave is not one there is.
refuse()
{
	printf 'hmode: %s\n' "$1" >&2
	[ $# -lt 2 ] || printf '       there is: %s\n' "$2" >&2
	exit 2
}

# need TOOL PACKAGE
need()
{
	command -v "$1" >/dev/null 2>&1 ||
		die "the tool '$1' is missing" "install Debian's package '$2', or run: make fetch"
}

# member WORD LIST...: is WORD one of the LIST?
member()
{
	_word=$1
	shift
	for _each in "$@"; do
		[ "$_word" != "$_each" ] || return 0
	done
	return 1
}

# number WORD: is it a decimal number that a shell can hold?
number()
{
	case $1 in
	''|*[!0-9]*|??????????*) return 1 ;;
	esac
}

# current NAME: the cache entry that NAME stands for; fails if there is none.
current()
{
	[ -e "$cache/current/$1" ] || return 1
	printf '%s\n' "$cache/current/$1"
}

# What a guest has of busybox.
applets='[ awk cat cp cut date dd dmesg echo env expr false find free grep gzip halt head
	hexdump hostname id kill ln ls md5sum mkdir mknod more mount mv ps pwd reboot
	poweroff rm rmdir sed seq sh sha256sum sleep sort stty sync tail tar tee test
	time top touch tr true umount uname uniq uptime vi wc which xargs yes'

# pack_root FOLDER: an initramfs, the same bytes for the same files.
pack_root()
{
	find "$1" -exec touch -h -d @0 {} +
	(cd "$1" && find . | LC_ALL=C sort |
		cpio --create --format=newc --reproducible --owner=0:0 --quiet)
}

# diffs PATCH...: what they change, without the letters around it, which build nothing.
diffs()
{
	awk 'FNR == 1 { on = 0 } /^diff --git / { on = 1 } on' "$@"
}

# qemu_version PROGRAM: its major version, or nothing.
qemu_version()
{
	"$1" --version 2>/dev/null | sed -n 's/^QEMU emulator version \([0-9]*\)\..*/\1/p'
}

# recent_qemu PROGRAM: is it new enough?
recent_qemu()
{
	_version=$(qemu_version "$1")
	[ "${_version:-0}" -ge "$min_qemu" ]
}
