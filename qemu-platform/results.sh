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

# What the tables share: figures as text, results as rows.
figures='
	def row: map(if . == null then "-" else tostring end) | join("\t");
	def digits($n): . as $x | fabs * pow(10; $n) | round | tostring
		| until(length > $n; "0" + .)
		| (if $x < 0 then "-" else "" end) + .[:-$n] + "." + .[-$n:];
	def ratio($base): if . and ($base // 0) > 0 then . / $base else null end;
	def three: if . then digits(3) else . end;
	# The change against a base, signed.
	def change($base): ratio($base)
		| if . then (. - 1) * 100 | (if . > 0 then "+" else "" end) + digits(1) + "%" else . end;
	def mean: if length > 0 and all then map(log) | add / length | exp else null end;
	def sum($key): map(.[$key]) | if all then add else null end;
	def distinct: reduce .[] as $each ([]; if index([$each]) then . else . + [$each] end);

	def figures: {mode, hm, workload, exits: .vm_exits.total, memory: .vm_exits.memory, traps: .hm_traps.total,
		transitions: (.vm_exits.total + .hm_traps.total), for_memory: (.vm_exits.memory + .hm_traps.memory),
		instructions: .instructions.total, reasons: .vm_exits.by_reason};
	def native($workload): first(.[] | select(.mode == "native" and .workload == $workload)) // {};
	# All results, and what native took for each: a list of rows.
	def rows: map(figures) as $all | $all
		| map(. + {native: (.workload as $w | $all | native($w) | .instructions)})
		| map(. + {against: (.native as $n | .instructions | ratio($n))});
	def total: .[0] + {exits: sum("exits"), memory: sum("memory"), traps: sum("traps"),
		transitions: sum("transitions"), for_memory: sum("for_memory"), instructions: sum("instructions"),
		native: sum("native"), mean: (map(.against) | mean)}
		| .native as $n | . + {against: (.instructions | ratio($n))};
'

# table FILES...: workload x mode, from result files: figures, then what exits for memory are made of.
table()
{
	counts "$@"
	reasons "$@"
}

# The instructions of native are 1; changes are of what memory virtualization causes, against tsp.
counts()
{
	jq -r -s "$figures"'
		def line($name; $base): [$name, .mode, .exits, .memory, .traps, .transitions, .instructions, (.against | three)]
			+ if .mode == "native" or .mode == "tsp" then ["", ""]
			  else [(.memory | change($base.memory)), (.for_memory | change($base.for_memory))] end;
		def lines($name): (first(.[] | select(.mode == "tsp")) // {}) as $base | .[] | line($name; $base) | row;
		rows | (map(.workload) | distinct) as $workloads | (map(.mode) | distinct) as $modes
		| ($workloads[] as $w | map(select(.workload == $w)) | lines($w)),
		  if $workloads | length > 1 then
			([$modes[] as $m | map(select(.mode == $m)) | total]
			 | lines("sum"), (.[] | select(.mode != "native" and .mean)
				| ["geom. mean", .mode, "", "", "", "", "", (.mean | three), "", ""] | row))
		  else empty end
		' "$@" | awk -F '\t' '
		function line(a, b, c, d, e, f, g, h, i, j) {
			printf "%-10s %-7s %8s %8s %8s %11s %12s %8s %9s %11s\n", a, b, c, d, e, f, g, h, i, j
		}
		BEGIN {
			line("", "", "", "", "", "", "", "against", "memory,", "against tsp")
			line("workload", "mode", "exits", "(memory)", "traps", "transitions", "instructions", "native",
				"exits", "transitions")
		}
		{ line($1 == last ? "" : $1, $2, $3, $4, $5, $6, $7, $8, $9, $10); last = $1 }' | sed 's/ *$//'
}

# What exits for memory there are, where there are any.
reasons()
{
	jq -r -s "$figures"'
		def memory: del(.mmio, .sbi, .wfi, .interrupt) | map_values(select(. > 0));
		rows | (map(.workload) | distinct) as $workloads | map(.exits_for = (.reasons | memory) | select(.memory > 0))
		| . as $rows | (map(.reasons | keys_unsorted[]) | distinct
			| map(select(. as $name | any($rows[]; .exits_for[$name])))) as $names
		| if length > 0 then (["exits for", "memory"] + $names | row) else empty end,
		  ($workloads[] as $w | .[] | select(.workload == $w)
		   | .exits_for as $count | [$w, .mode, ($names[] | $count[.] // 0)] | row)
		' "$@" | awk -F '\t' '
		NR == 1 {
			print ""
			for (i = 3; i <= NF; i++)
				width[i] = length($i) < 8 ? 9 : length($i) + 1
		}
		{
			printf "%-10s %-7s", $1 == last ? "" : $1, $2
			for (i = 3; i <= NF; i++)
				printf "%*s", width[i], $i
			print ""
			last = $1
		}'
}

# steps FILES...: the ladder: sums and means over all workloads for each rung, and what each further step changes.
steps()
{
	jq -r -s "$figures"'
		["inject", "satp", "flush", "fill"] as $seats
		| def signed(form): if . == null then "-" else (if . > 0 then "+" else "" end) + form end;
		  def rung: if .mode == "tsp" then "tsp" elif .hm == [] then "ssp none" else "ssp " + (.hm | join(",")) end;
		  rows | map(select(.mode != "native") | .hm -= ["none"]) | group_by([.mode == "tsp", .mode, .hm]) | map(total)
		  | map(.key = (.hm | sort)) as $rungs
		  # The rung above, and what it changes.
		  | def above($seat): (.hm + [$seat] | sort) as $key
			| first($rungs[] | select(.mode != "tsp" and .key == $key)) // {};
		  def exits($next): if $next.memory then $next.memory - .memory else null end;
		  def against($next): if .mean and $next.mean then $next.mean - .mean else null end;
		  def worth($seat): above($seat) as $next | [(.memory as $n | $next.memory | change($n)),
			(against($next) | signed(three))];
		  def average: if length > 0 and all then add / length else null end;
		  def average($seat): map(select(.hm | index([$seat]) | not) | above($seat) as $next
			| [exits($next), against($next)]) | [(map(.[0]) | average | signed(round | tostring)), (map(.[1]) | average | signed(three))];
		  ($rungs | sort_by(.mode != "tsp", (.hm | length)) | .[]
		   | [rung, .memory, .for_memory, (.mean | three)]
			+ if .mode == "tsp" then [] else
				[. as $r | $seats[] as $s | if $r.hm | index([$s]) then "", "" else $r | worth($s)[] end] end | row),
		  ([$rungs[] | select(.mode != "tsp")] as $all
		   | ["on average", "", "", ""] + [$seats[] as $s | $all | average($s)[]] | row)
		' "$@" | awk -F '\t' '
		function line(a, b, c, d, e, f, g, h, i, j, k, l) {
			printf "%-28s %7s %11s %6s  %8s %6s %8s %6s %8s %6s %8s %6s\n", a, b, c, d, e, f, g, h, i, j, k, l
		}
		BEGIN {
			line("", "", "", "", "inject", "", "satp", "", "flush", "", "fill", "")
			line("rung", "exits", "transitions", "native", "exits", "native", "exits", "native", "exits", "native",
				"exits", "native")
		}
		{ line($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) }' | sed 's/ *$//'
}

# side_by_side FILES...: the patched kernel with hm=off and without, from files of both.  Flushes are the
# transitions that they cause: fences, remote fences, ring commits; calls are those of the kernel's flush functions.
side_by_side()
{
	jq -r -s "$figures"'
		def flushes: (.vm_exits.by_reason | .flush + .ring + .remote_fence) +
			(.hm_traps.by_kind | .sfence_va + .sfence_asid + .sfence_all + .ring + .remote_fence);
		def transitions: .vm_exits.total + .hm_traps.total;
		def two: if . then digits(2) else . end;
		map(select(.guest == "patched-off")) as $off
		| map(select(.guest == "patched")) | sort_by(.workload as $w | $off | map(.workload) | index($w)) | .[]
		| . as $on
		| first($off[] | select(.workload == $on.workload and .mode == $on.mode and .hm == $on.hm)) as $off
		| [$on.workload, $on.mode, ($off | transitions), ($on | transitions), ($off | flushes), ($on | flushes),
		   ($on | flushes | ratio($off | flushes) | two), $on.guest_ring.flush_calls,
		   ($on.instructions.total | ratio($off.instructions.total) | three)] | row
		' "$@" | awk -F '\t' '
		function line(a, b, c, d, e, f, g, h, i) {
			printf "%-10s %-7s %11s %11s %9s %9s %6s %9s %13s\n", a, b, c, d, e, f, g, h, i
		}
		BEGIN {
			line("", "", "transitions", "", "flushes", "", "", "", "instructions")
			line("workload", "mode", "hm=off", "patched", "hm=off", "patched", "ratio", "calls", "to hm=off")
		}
		{ line($1 == last ? "" : $1, $2, $3, $4, $5, $6, $7, $8, $9); last = $1 }'
}
