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
	records "$1" | jq -c -s --arg mode "$MODE" --arg hm "$HM" --arg guest "$GUEST" --arg profile "$PROFILE" \
		--arg names "$(list $workloads)" --arg wanted "$(list $wanted)" \
		--argjson vcpus "$VCPUS" --argjson harts "$HARTS" --argjson icount "$_instructions" '
		def words: split("[ ,]+"; "") | map(select(. != ""));
		# QEMU counts instructions only with -icount.
		def measured: if $icount then . else .instructions |= map_values(null) | .longest_m_stay = null end;
		($names | words) as $name
		| map(select(has("mark")) | .workload = $name[.mark])
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

# table FILES...: workload x mode, from result files.
table()
{
	cat "$@" | jq -r -s '
		def ratio($native): if .instructions.total and $native.instructions.total
			then .instructions.total / $native.instructions.total else null end;
		def round3: . * 1000 | round / 1000 | tostring;
		def row: map(if . == null then "-" else tostring end) | join("\t");
		. as $all
		| (["workload", "mode", "exits", "(memory)", "traps", "transitions", "instructions", "against native"] | row),
		  (.[] | . as $r
		   | first($all[] | select(.mode == "native" and .workload == $r.workload), null) as $native
		   | [.workload, .mode, .vm_exits.total, .vm_exits.memory, .hm_traps.total,
		      .vm_exits.total + .hm_traps.total, .instructions.total,
		      (ratio($native) | if . then round3 else null end)] | row),
		  (map(.mode) | unique | .[] | select(. != "native") as $mode
		   | [$all[] | select(.mode == $mode) | . as $r
		      | first($all[] | select(.mode == "native" and .workload == $r.workload), null) as $native
		      | ratio($native) | select(.)]
		   | select(length > 0)
		   | ["geometric mean", $mode, null, null, null, null, null,
		      ((map(log) | add) / length | exp | round3)] | row)' |
		awk -F '\t' '{ printf "%-15s %-8s", $1, $2; for (i = 3; i <= NF; i++) printf " %14s", $i; print "" }'
}
