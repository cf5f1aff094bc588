# SPDX-License-Identifier: BSD-2-Clause
# The options of a run: names, defaults and what they may be.  Sourced by launch.

options='MODE GUEST WORKLOAD VCPUS HARTS ICOUNT PROFILE RESULT HM SVVPTC MARKS QEMU ASIDLEN MISALIGNED KERNEL FORMAT LOAD
	INITRD DTB APPEND CMDLINE MEM WIDTH REBOOT MODES WORKLOADS LADDER LOG TIMEOUT V'

modes='native tsp tsp-unsync ssp ssp-hm'
tour_modes='native tsp ssp ssp-hm'
seats='inject satp flush fill'
guests='debian debian-sid patched patched-off'
profiles='virt virt-v u74'
widths='sv39 sv48 sv57'
workloads=$(cat "$top/tests/workloads/list")

# Names that only make needs.
make_options='CROSS_COMPILE HMODE_CACHE OPENSBI_SRC PYTHON'

# Options come from the environment or as arguments NAME=VALUE; HMODE_GIVEN has the
# names that make was given.
take_arguments()
{
	for name in ${HMODE_GIVEN:-}; do
		member "$name" $options $make_options || refuse "there is no option '$name'" "$(list $options)"
	done
	for argument in "$@"; do
		name=${argument%%=*}
		[ "$name" != "$argument" ] || refuse "'$argument' is no option" "NAME=VALUE, of $(list $options)"
		member "$name" $options || refuse "there is no option '$name'" "$(list $options)"
		export "$argument"
	done
}

list()
{
	echo "$@"
}

# choose NAME VALUE CHOICES...
choose()
{
	name=$1
	value=$2
	shift 2
	member "$value" "$@" || refuse "$name=$value is unknown" "$(list "$@")"
}

# count NAME VALUE MAXIMUM
count()
{
	number "$2" && [ "$2" -ge 1 ] && [ "$2" -le "$3" ] || refuse "$1=$2 is no number from 1 to $3"
}

switch()
{
	choose "$1" "$2" 0 1
}

# mebibytes SIZE: of 512M, 2G.
mebibytes()
{
	case $1 in
	*[Mm]) _mib=${1%?} _unit=1 ;;
	*[Gg]) _mib=${1%?} _unit=1024 ;;
	*) return 1 ;;
	esac
	number "$_mib" && [ "${#_mib}" -le 6 ] && echo $((_mib * _unit))
}

# chosen_workloads: WORKLOAD, a comma list, `all` or `none`, as words in the order of the list.
chosen_workloads()
{
	_asked=$(echo "$WORKLOAD" | tr , ' ')
	for word in $_asked; do
		choose WORKLOAD "$word" all none $workloads
	done
	for word in $workloads; do
		if member all $_asked || member "$word" $_asked; then
			printf '%s ' "$word"
		fi
	done
}

# HM: what the firmware finishes itself.  ssp-hm is the top of the ladder, ssp any rung, tsp beside it.
take_mode()
{
	MODE=${MODE:-ssp-hm}
	choose MODE "$MODE" $modes
	case $MODE in
	native|tsp|tsp-unsync) HM=${HM:-none} _rungs=none ;;
	ssp) HM=${HM:-satp} _rungs="none $seats" ;;
	ssp-hm) HM=${HM:-$(list $seats | tr ' ' ,)} _rungs=$seats ;;
	esac
	for seat in $(echo "$HM" | tr , ' '); do
		choose HM "$seat" $_rungs
	done
	[ "$MODE" != ssp-hm ] || [ "$HM" = "$(list $seats | tr ' ' ,)" ] ||
		refuse "HM=$HM does not go with MODE=$MODE" "HM=$(list $seats | tr ' ' ,); for other rungs MODE=ssp"
}

# rungs: every HM there is, from none to all.
rungs()
{
	for _inject in '' ,inject; do for _satp in '' ,satp; do for _flush in '' ,flush; do for _fill in '' ,fill; do
		_rung=$_inject$_satp$_flush$_fill
		_rung=${_rung#,}
		echo "${_rung:-none}"
	done; done; done; done
}

# MARKS=1: the guest's markers give records; every WORKLOAD needs it.
take_marks()
{
	[ -n "$wanted" ] && _needed=1 || _needed=0
	MARKS=${MARKS:-$_needed}
	switch MARKS "$MARKS"
	[ "$MARKS" -ge "$_needed" ] || refuse "MARKS=0 gives no record of a WORKLOAD" "MARKS=1, or WORKLOAD=none"
}

take_guest()
{
	GUEST=${GUEST:-debian}
	choose GUEST "$GUEST" $guests
	# patched-off is the same binary as patched; hm=off makes it its own stock kernel.
	case "$GUEST ${APPEND:-} " in
	'patched '*' hm=off '*|'patched hm=off '*) GUEST=patched-off ;;
	esac
	if [ -n "${KERNEL:-}" ]; then
		GUEST=$(basename "$KERNEL")
		INITRD=${INITRD:-none}
		WORKLOAD=${WORKLOAD:-none}
	else
		case $GUEST in
		debian) KERNEL=$cache/current/kernel/Image ;;
		debian-sid) KERNEL=$cache/current/kernel-sid/Image ;;
		patched*) KERNEL=$cache/current/kernel-patched/Image ;;
		esac
		INITRD=${INITRD:-$build/guest/initramfs.cpio}
		WORKLOAD=${WORKLOAD:-${CMDLINE+none}}
		WORKLOAD=${WORKLOAD:-all}
	fi
	wanted=$(chosen_workloads)
	take_marks
	[ -z "${RESULT:-}" ] || [ -n "$wanted" ] || refuse "RESULT needs a WORKLOAD" "all $(list $workloads)"
}

# FORMAT=flat: a binary without a header; nothing else is taken for one, since any truncated file looks alike.
take_format()
{
	FORMAT=${FORMAT:-auto} LOAD=${LOAD:-}
	choose FORMAT "$FORMAT" auto flat
	[ "$FORMAT" = auto ] || [ -n "${KERNEL:-}" ] || refuse "FORMAT=$FORMAT needs a KERNEL"
	[ -z "$LOAD" ] || [ "$FORMAT" = flat ] || refuse "LOAD goes with FORMAT=flat alone"
	case $LOAD in
	'') ;;
	0x*[!0-9a-fA-F]*|0x|??????????????????*) false ;;
	0x*) ;;
	*[!0-9]*|0?*) false ;;
	esac || refuse "LOAD=$LOAD is no address" "a number, as 0x80200000"
}

# CMDLINE, even an empty one, is all that the kernel is told: nothing else may need words of its own.
take_cmdline()
{
	[ -n "${CMDLINE+given}" ] || return 0
	[ -z "${APPEND:-}" ] || refuse "CMDLINE and APPEND do not go together" "CMDLINE: these words alone; APPEND: after the launcher's"
	[ "$GUEST" != patched-off ] || refuse "GUEST=patched-off is the word hm=off" "GUEST=patched with hm=off in CMDLINE"
	[ -z "$wanted" ] || refuse "a WORKLOAD needs words on the command line" "APPEND for more of them, or WORKLOAD=none"
	case "$MODE $MARKS $CMDLINE " in
	'native 1 '*' marks=1 '*) ;;
	'native 1 '*) refuse "MARKS=1 is a word on the command line natively" "marks=1 in CMDLINE" ;;
	esac
}

take_machine()
{
	VCPUS=${VCPUS:-1} HARTS=${HARTS:-1} ICOUNT=${ICOUNT:-1} MEM=${MEM:-512M} TIMEOUT=${TIMEOUT:-1800}
	count VCPUS "$VCPUS" 8
	count HARTS "$HARTS" 8
	count TIMEOUT "$TIMEOUT" 86400
	[ "$MODE" != native ] || VCPUS=$HARTS
	switch ICOUNT "$ICOUNT"
	mib=$(mebibytes "$MEM") || refuse "MEM=$MEM is no size" "a number with M or G, as 512M or 2G"
	[ "$mib" -ge 64 ] && [ "$mib" -le 16384 ] || refuse "MEM=$MEM is out of range" "64M to 16G"
	REBOOT=${REBOOT:-end}
	choose REBOOT "$REBOOT" end restart
	[ $((mib % 2)) = 0 ] || refuse "MEM=$MEM is no multiple of 2M" "an even number of M"
}

take_profile()
{
	PROFILE=${PROFILE:-virt}
	choose PROFILE "$PROFILE" $profiles
	case $PROFILE in
	virt|virt-v) profile_svvptc=1 ;;
	u74) profile_svvptc=0 widths=sv39 ;;
	esac
	SVVPTC=${SVVPTC:-$profile_svvptc}
	WIDTH=${WIDTH:-sv39}
	switch SVVPTC "$SVVPTC"
	choose WIDTH "$WIDTH" $widths
}

# QEMU=strict is ours with a TLB that keeps all that it may (docs/strict.md); what a board lacks
# of ASIDs and PMP entries is lacking there as well.
take_strict()
{
	strict=
	case ${QEMU:-} in
	strict) strict=lazy ;;
	strict-eager) strict=eager ;;
	esac
	[ -n "$strict" ] || [ -z "${ASIDLEN:-}" ] || refuse "ASIDLEN goes with a strict hart only" "QEMU=strict, strict-eager"
	case $PROFILE in
	virt|virt-v) pmp_regions=16 ASIDLEN=${ASIDLEN:-16} ;;
	u74) pmp_regions=8 ASIDLEN=${ASIDLEN:-0} ;;
	esac
	number "$ASIDLEN" && [ "$ASIDLEN" -le 16 ] || refuse "ASIDLEN=$ASIDLEN is no number from 0 to 16"
}

# MISALIGNED=trap is a hart that leaves misaligned loads and stores to firmware, as the U74 does.
take_misaligned()
{
	MISALIGNED=${MISALIGNED:-access}
	choose MISALIGNED "$MISALIGNED" access trap
}

# LADDER=1, for measure, sees to all rungs by itself.
take_ladder()
{
	LADDER=${LADDER:-0}
	switch LADDER "$LADDER"
	[ "$LADDER" = 0 ] || [ -z "${MODES:-}${HM:-}" ] || refuse "LADDER=1 has its own MODES and HM"
}

take_options()
{
	take_arguments "$@"
	take_ladder
	take_mode
	take_format
	take_guest
	take_cmdline
	take_machine
	take_profile
	take_strict
	take_misaligned
}
