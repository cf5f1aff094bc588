# SPDX-License-Identifier: BSD-2-Clause
# From options to a QEMU command line.  Sourced by launch.

ram_base=$((0x80000000))
host_mib=512		# firmware, host-hv and shadow tables, beside the guest's memory; 256 of it above the pool
module_offset=$((64 << 20))

# The profiles.  Svade is declared and Svadu is not, natively and in guests alike; native_tree()
# takes out what host-hv never offers to guests.  `u74` is what boards
# without the H extension are; smcntrpmf is there for measuring alone.
cpu_profile()
{
	_virt=rv64,h=false,zawrs=false,zicbom=false,zicbop=false,zihpm=false
	case $PROFILE in
	virt) echo $_virt ;;
	virt-v) echo $_virt,v=true,vlen=128 ;;
	u74) echo rv64i,m=true,a=true,f=true,d=true,c=true,s=true,u=true,mmu=true,pmp=true,sv39=on,\
zicsr=true,zifencei=true,zicntr=true,zba=true,zbb=true ;;
	esac
}

cpu()
{
	_cpu=$(cpu_profile),svade=true,svadu=false,smcntrpmf=true
	[ "$MODE" = native ] && [ "$SVVPTC" = 0 ] && _cpu=$_cpu,svvptc=false
	[ -z "$strict" ] || _cpu=$_cpu,x-strict-tlb=$strict,asidlen=$ASIDLEN,num-pmp-regions=$pmp_regions
	[ "$MISALIGNED" = access ] || _cpu=$_cpu,x-misaligned=trap
	echo "$_cpu${CPU_WITHOUT:+,$CPU_WITHOUT=false}"
}

# The kernel's command line, the same natively and in a guest.
command_line()
{
	if [ -n "${CMDLINE+given}" ]; then
		printf '%s\n' "$CMDLINE"
		return
	fi
	case $WIDTH in
	sv39) _width=no4lvl ;;
	sv48) _width=no5lvl ;;
	sv57) _width= ;;
	esac
	_asked=$(list $wanted | tr ' ' ,)
	[ "$GUEST" = patched-off ] && _hm=hm=off || _hm=
	list console=ttyS0 earlycon=sbi panic=-1 norandmaps $_width $_hm ${_asked:+quiet hmwork=$_asked} $(marks) "${APPEND:-}"
}

# For the firmware natively, for host-hv otherwise; the guest's kernel has the same line in both.
marks()
{
	[ "$MARKS" = 0 ] || echo marks=1
}

# Ours: QEMU=hspt with direct guest memory accesses (docs/hspt.md), QEMU=strict with a TLB that
# keeps all that it may (docs/strict.md); MISALIGNED=trap needs it as well.
find_qemu()
{
	accel= _ours=
	case ${QEMU:-} in
	hspt) accel=private ;;
	hspt-oracle) accel=private,spt-adapt=off,spt-oracle=on ;;
	hspt-shared|hspt-private|hspt-group) accel=${QEMU#hspt-} ;;
	esac
	[ "${MISALIGNED:-access}" = access ] || [ -n "${QEMU:-}" ] || _ours=1
	if [ -n "$accel${strict:-}${_ours:-}" ]; then
		accel=${accel:+tcg,thread=single,spt=$accel}
		QEMU=$(current qemu-hspt)/qemu-system-riscv64 || die "our QEMU is not built yet" "run: make qemu"
	elif [ -n "${QEMU:-}" ]; then
		command -v "$QEMU" >/dev/null 2>&1 || refuse "QEMU=$QEMU is no program" \
			"a path to qemu-system-riscv64, or hspt, hspt-shared, hspt-private, hspt-group, hspt-oracle, strict, strict-eager"
	elif recent_qemu qemu-system-riscv64; then
		QEMU=qemu-system-riscv64
	else
		QEMU=$(current qemu)/qemu-system-riscv64 ||
			die "there is no QEMU >= $min_qemu on this machine" "run: make fetch"
	fi
	recent_qemu "$QEMU" ||
		die "$QEMU is version $(qemu_version "$QEMU"), $min_qemu or later is needed" \
			"unset QEMU to use Debian's, which 'make fetch' brings"
}

hex()
{
	printf '0x%x' "$1"
}

# Firmware, then the kernel itself or host-hv with the guest as modules in memory.
software()
{
	qemu_add -bios "$build/hmcode/hmcode.bin"
	if [ "$MODE" = native ]; then
		qemu_add -m "${mib}M" -kernel "$kernel_file" -append "$(command_line)"
		[ "$INITRD" = none ] || qemu_add -initrd "$INITRD"
		[ -z "${DTB:-}" ] || qemu_add -dtb "$DTB"
		return
	fi
	_kernel=$((ram_base + module_offset))
	_initrd=$((_kernel + ($(length "$kernel_file") / 2097152 + 1) * 2097152))
	_modules=$_initrd
	qemu_add -kernel "$build/host-hv/host-hv.bin" -append "$(host_options)"
	qemu_add -device "guest-loader,addr=$(hex $_kernel),kernel=$kernel_file,bootargs=$(command_line | sed 's/,/,,/g')"
	if [ "$INITRD" != none ]; then
		qemu_add -device "guest-loader,addr=$(hex $_initrd),initrd=$INITRD"
		_modules=$((_initrd + $(length "$INITRD")))
	fi
	if [ -n "${DTB:-}" ]; then
		# The loader knows kernels and ramdisks; host-hv sees that this is a tree.
		_tree=$(((_modules / 4096 + 1) * 4096))
		qemu_add -device "guest-loader,addr=$(hex $_tree),initrd=$DTB"
		_modules=$((_tree + $(length "$DTB")))
	fi
	qemu_add -m "$(((_modules - ram_base) / 1048576 + 2 + mib + $(alignment_mib) + host_mib))M"
}

# Large guests get memory that is congruent modulo 1 GiB, for the largest leaves.
alignment_mib()
{
	[ "$mib" -lt 1024 ] && echo 0 || echo 1024
}

host_options()
{
	_owner="hm=${HM#none}"
	case $MODE in tsp*) _owner=shadow=$MODE ;; esac
	echo "mem=$MEM vcpus=$VCPUS $_owner width=$WIDTH svvptc=$SVVPTC marks=$MARKS reboot=$REBOOT${interactive:+ console=all}"
}

# The QEMU command is kept as a quoted string, since its words hold spaces.
qemu_add()
{
	for _word in "$@"; do
		qemu_command="$qemu_command '$(printf '%s' "$_word" | sed "s/'/'\\\\''/g")'"
	done
}

# Nothing from outside: seed and date are the same in every run.  Without it they are real.
repeatable()
{
	qemu_add -icount shift=0,align=off,sleep=off -seed 1 -rtc base=2025-01-01,clock=vm
}

machine()
{
	qemu_command=
	qemu_add "$QEMU" -M virt -cpu "$(cpu)" -smp "$HARTS" -nodefaults -display none
	[ "$MODE:$REBOOT" = native:restart ] || qemu_add -no-reboot
	[ -z "$accel" ] || qemu_add -accel "$accel"
	[ "$ICOUNT" = 0 ] || repeatable
	software
	# A tree of the user's own stays as it is.
	[ "$MODE:${DTB:-}" != native: ] || native_tree
}

# native_tree: the machine's own tree, in which the harts have only what a guest is offered of them.
# Some of what QEMU names there is no property of -cpu that could be off.
native_tree()
{
	need fdtput device-tree-compiler
	_tree=$LOG.dtb _machine=$qemu_command
	qemu_add -M "dumpdtb=$(printf '%s' "$_tree" | sed 's/,/,,/g')"
	eval "$qemu_command" </dev/null >/dev/null 2>&1 && [ -f "$_tree" ] ||
		die "QEMU does not describe its machine" "see what it says: $qemu_command"
	qemu_command=$_machine
	for _hart in $(fdtget -l "$_tree" /cpus | grep '^cpu@'); do
		offer_only "$_tree" "/cpus/$_hart"
	done
	qemu_add -dtb "$_tree"
}

# offer_only TREE NODE: of the extensions of a hart those in host-hv's list, in both forms.
offer_only()
{
	_isa=rv64 _kept=
	for _extension in $(fdtget "$1" "$2" riscv,isa-extensions); do
		grep -Eqx "(OFFERED|DECIDED)\($_extension\)" "$here/../host-hv/guest/extensions.h" || continue
		_kept="$_kept $_extension"
		case $_extension in
		?) _isa=$_isa$_extension ;;
		*) _isa=${_isa}_$_extension ;;
		esac
	done
	# shellcheck disable=SC2086	# a word for each
	fdtput -t s "$1" "$2" riscv,isa-extensions $_kept
	fdtput -t s "$1" "$2" riscv,isa "$_isa"
}
