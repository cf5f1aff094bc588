# SPDX-License-Identifier: BSD-2-Clause
# From a console log to result objects.  Sourced by launch.

# records LOG: the JSON objects of the text sequence (RFC 7464) on the console.
records()
{
	tr -d '\r' < "$1" | sed -n 's/^.*\x1e\({.*}\)$/\1/p' | jq -c . 2>/dev/null
}

# without_records: the console as a person reads it.
without_records()
{
	sed -u '/\x1e/d'
}

# results LOG: one result object for each wanted workload that gave a record.
results()
{
	_instructions=true
	[ "$ICOUNT" = 1 ] || _instructions=false
	records "$1" | jq -c -s --arg mode "$MODE" --arg hm "${HM#none}" --arg guest "$GUEST" --arg profile "$PROFILE" \
		--arg names "$(list $workloads)" --arg wanted "$(list $wanted)" \
		--argjson vcpus "$VCPUS" --argjson harts "$HARTS" --argjson icount "$_instructions" '
		def words: split("[ ,]+"; "") | map(select(. != ""));
		# QEMU counts instructions only with -icount.
		def measured: if $icount then . else .instructions |= map_values(null) | .longest_m_stay = null end;
		($names | words) as $name
		| map(select(has("mark") and (.vm // 0) == 0) | .workload = $name[.mark])
		| map(select(.workload as $w | $wanted | words | index($w)))
		| .[]
		| {schema: 1, mode: $mode, hm: ($hm | words), guest: $guest, workload: .workload,
		   profile: $profile, vcpus: $vcpus, harts: $harts, icount: $icount, ok: .ok,
		   vm_exits: .vm_exits, hm_traps: .hm_traps, instructions: .instructions,
		   longest_m_stay: .longest_m_stay, walk_refs: .walk_refs}
		| measured'
}

# cause LOG: the line that best says why a run failed.
cause()
{
	tr -d '\r' < "$1" | grep -a -m1 -E 'host-hv: |hmcode: |Kernel panic|FAILED|^qemu-system' ||
		echo 'it gave no reason'
}

# table FILES...: workload x mode, from result files; the instructions of native are 1.
table()
{
	jq -r -s --arg names "$(list $workloads)" '
		def three: . * 1000 | round | tostring | ("000" + .)[-([length, 4] | max):] | .[:-3] + "." + .[-3:];
		def row: map(if . == null then "-" else tostring end) | join("\t");
		. as $all
		| (map({key: .mode, value: 1}) | from_entries | keys_unsorted) as $modes
		| def native($w): first(($all[] | select(.mode == "native" and .workload == $w)), null).instructions.total;
		  def ratio: native(.workload) as $n | if $n and .instructions.total then .instructions.total / $n else null end;
		  (["workload", "mode", "exits", "(memory)", "traps", "transitions", "instructions", "against native"] | row),
		  ($names | split(" ")[] as $w | $all[] | select(.workload == $w)
		   | [.workload, .mode, .vm_exits.total, .vm_exits.memory, .hm_traps.total,
		      .vm_exits.total + .hm_traps.total, .instructions.total, (ratio | if . then three else null end)] | row),
		  ($modes[] as $m | [$all[] | select(.mode == $m and $m != "native") | ratio | select(.)]
		   | select(length > 1)
		   | ["geometric mean", $m, "", "", "", "", "", (map(log) | add / length | exp | three)] | row)
		' "$@" | awk -F '\t' '
		{ printf "%-14s %-7s %8s %8s %9s %11s %13s %14s\n", $1 == last ? "" : $1, $2, $3, $4, $5, $6, $7, $8; last = $1 }'
}
