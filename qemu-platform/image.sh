# SPDX-License-Identifier: BSD-2-Clause
# Is a file what its user takes it for?  Checks of kernels and initrds before a
# machine is started.  Sourced by launch.

# field FILE OFFSET BYTES: a little-endian number, 0 beyond the end.
field()
{
	_field=$(od -An -v -t "u$3" -j "$2" -N "$3" "$1" 2>/dev/null | tr -d ' ')
	echo "${_field:-0}"
}

length()
{
	stat -L -c %s "$1"
}

readable()
{
	[ -f "$2" ] && [ -r "$2" ] || refuse "$1=$2 is no readable file"
}

# pe_end FILE: where the file ends by the PE header that kernels with an EFI stub carry, or 0.
pe_end()
{
	_pe=$(field "$1" 60 4)
	if [ "$_pe" -lt 64 ] || [ "$(field "$1" "$_pe" 4)" != 17744 ]; then	# "PE\0\0"
		echo 0
		return
	fi
	_sections=$(field "$1" $((_pe + 6)) 2)
	_entry=$((_pe + 24 + $(field "$1" $((_pe + 20)) 2)))
	_end=0
	[ "$_sections" -le 96 ] || refuse "KERNEL=$1 has a broken PE header"
	while [ "$_sections" -gt 0 ]; do
		_raw=$(($(field "$1" $((_entry + 16)) 4) + $(field "$1" $((_entry + 20)) 4)))
		[ "$_raw" -le "$_end" ] || _end=$_raw
		_entry=$((_entry + 40)) _sections=$((_sections - 1))
	done
	echo "$_end"
}

# check_kernel FILE: a riscv Linux Image, or a flat image with that header.
check_kernel()
{
	readable KERNEL "$1"
	case $(od -An -t x1 -N 4 "$1" | tr -d ' ') in
	1f8b*|28b52ffd|fd377a58|04224d18) refuse "KERNEL=$1 is compressed" "the Image inside: unpack it first" ;;
	7f454c46) refuse "KERNEL=$1 is an ELF file" "arch/riscv/boot/Image of the kernel's build" ;;
	esac
	[ "$(length "$1")" -ge 64 ] || refuse "KERNEL=$1 is too short for a Linux Image header: truncated?"
	[ "$(field "$1" 56 4)" = 88298322 ] ||	# "RSC\5"
		refuse "KERNEL=$1 is no riscv Linux Image: no 'RSC\\5' at offset 56"
	image_size=$(field "$1" 16 8)
	[ "$(pe_end "$1")" -le "$(length "$1")" ] ||
		refuse "KERNEL=$1 is truncated: $(length "$1") bytes of $(pe_end "$1")"
	number "$image_size" && [ "$image_size" -ge "$(length "$1")" ] ||
		refuse "KERNEL=$1 has a wrong size in its header: $image_size for $(length "$1") bytes"
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
