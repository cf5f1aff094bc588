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

# rings LOG: what a patched kernel counted of its flush rings, by workload, as one object.
rings()
{
	tr -d '\r' < "$1" | sed -n 's/^.*hmwork: \([a-z]*\) ring: \(.*\)/\1 \2/p' |
		jq -R -c -s '[splits("\n") | select(. != "") | split(" ")
			| {key: .[0], value: [.[1:][] | split("=") | {key: .[0], value: .[1] | tonumber}] | from_entries}]
			| from_entries'
}

# results LOG: one result object for each wanted workload that gave a record.
results()
{
	_instructions=true
	[ "$ICOUNT" = 1 ] || _instructions=false
	records "$1" | jq -c -s --arg mode "$MODE" --arg hm "${HM#none}" --arg guest "$GUEST" --arg profile "$PROFILE" \
		--arg names "$(list $workloads)" --arg wanted "$(list $wanted)" \
		 --argjson rings "$(rings "$1")" \
		--argjson vcpus "$VCPUS" --argjson harts "$HARTS" --argjson icount "$_instructions" '
		def words: split("[ ,]+"; "") | map(select(. != ""));
		# QEMU counts instructions only with -icount.  Natively the firmware splits what one hart did.
		def measured: if $icount | not then .instructions |= map_values(null) | .longest_m_stay = null
			elif .mode == "native" and $harts > 1 then .instructions |= (.guest = null | .hm = null)
			else . end;
		($names | words) as $name
		| map(select(has("mark") and (.vm // 0) == 0) | .workload = $name[.mark])
		| map(select(.workload as $w | $wanted | words | index($w)))
		| .[]
		| {schema: 1, mode: $mode, hm: ($hm | words), guest: $guest, workload: .workload,
		   profile: $profile, vcpus: $vcpus, harts: $harts, icount: $icount, ok: .ok,
		   vm_exits: .vm_exits, hm_traps: .hm_traps, instructions: .instructions,
		   longest_m_stay: .longest_m_stay, walk_refs: .walk_refs, ring: .ring, guest_ring: $rings[.workload]}
		| measured'
}

# cause LOG: the line that best says why a run failed.
cause()
{
	tr -d '\r' < "$1" | grep -a -m1 -E 'host-hv: |hmcode: |Kernel panic|FAILED|^qemu-system' ||
		echo 'it gave no reason'
}

# table, steps, side_by_side FILES...: what hmode/results.py makes of result files; `-` is standard input.
table()
{
	"$here/hmode/results.py" table "$@"
}

steps()
{
	"$here/hmode/results.py" steps "$@"
}

side_by_side()
{
	"$here/hmode/results.py" side_by_side "$@"
}
