# SPDX-License-Identifier: BSD-2-Clause
# Is a file what its user takes it for?  Checks of kernels and initrds before a
# machine is started.  Sourced by launch.

length()
{
	stat -L -c %s "$1"
}

readable()
{
	[ -f "$2" ] && [ -r "$2" ] || refuse "$1=$2 is no readable file"
}

# look_at_kernel [FOLDER]: what is $KERNEL, and what does it take?  With a folder it becomes $kernel_file, which the
# machine takes.
look_at_kernel()
{
	readable KERNEL "$KERNEL"
	set -- ${1:+--folder "$1"} --mib "$mib" --format "$FORMAT"
	[ -z "$LOAD" ] || set -- "$@" --load "$LOAD"
	[ "$MODE" != native ] || set -- "$@" --native
	_looked=$("$here/kernel" "$@" "$KERNEL") || exit $?
	image_size=${_looked%% *} kernel_file=${_looked#* }
}

# look_at_tree: is $DTB a device tree, and $INITRD none?
look_at_tree()
{
	if [ -n "${DTB:-}" ]; then
		readable DTB "$DTB"
		"$here/kernel" --tree "$DTB" || exit $?
	fi
	[ "$INITRD" = none ] || [ "$(od -An -v -t x1 -N 4 "$INITRD" 2>/dev/null | tr -d ' ')" != d00dfeed ] ||
		refuse "INITRD=$INITRD is a device tree" "DTB=$INITRD"
}

# check_fit INITRD MIB: kernel and initrd leave room for each other in the memory.
check_fit()
{
	_initrd=0
	if [ "$1" != none ]; then
		readable INITRD "$1"
		_initrd=$(length "$1")
	fi
	_need=$(((image_size + _initrd) / 1048576 + 16))
	[ "$_need" -le "$2" ] ||
		refuse "kernel and initrd need ${_need}M, the guest's memory is ${2}M" "a larger MEM, or a smaller INITRD"
}
