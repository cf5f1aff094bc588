# SPDX-License-Identifier: BSD-2-Clause
"""The tables that are made of result objects."""

import math

from hmode import abi, regions
from hmode.modes import EVENTS, ROOTS, TSP, label

# What exits and traps count as without memory virtualization being their cause.
OTHER = {key for key, memory in (*abi.REASONS, *abi.TRAPS) if not memory}

WITHOUT_SVADU = "native Svade"      # beside a native hart with Svadu


# ---- figures; None: not measured ----

def ratio(value, base):
    return value / base if value is not None and (base or 0) > 0 else None


def mean(values):
    """The geometric mean."""
    if not values or None in values:
        return None
    return math.exp(sum(map(math.log, values)) / len(values))


def total_of(rows, key):
    values = [row.get(key) for row in rows]
    return None if None in values else sum(values)


def plus(*values):
    given = [value for value in values if value is not None]
    return sum(given) if given else None


def digits(value, count):
    """Halves are rounded away from zero."""
    figures = str(math.floor(abs(value) * 10 ** count + 0.5)).rjust(count + 1, "0")
    return ("-" if value < 0 else "") + figures[:len(figures) - count] + ("." if count else "") + \
        figures[len(figures) - count:]


def shown(value, count):
    return None if value is None else digits(value, count)


def signed(value, count):
    return None if value is None else ("+" if value > 0 else "") + digits(value, count)


def change(value, base):
    part = ratio(value, base)
    return None if part is None else signed((part - 1) * 100, 1) + "%"


def distinct(values):
    return list(dict.fromkeys(values))


def line(form, cells):
    """One line of a table; what was not measured is a dash."""
    cells = ["-" if cell is None else str(cell) for cell in cells]
    return (form % tuple(cells)).rstrip(" ")


def without_repeats(rows):
    """The first cell stands once, above those that have the same."""
    last = None
    for first, *rest in rows:
        yield ["" if first == last else first, *rest]
        last = first


def label_of(result):
    """The mode; of a guest in small host pages, or with fewer roots, with these."""
    few = result.get("roots") or ROOTS
    return label(result["mode"], result["hm"]) + (" 4k" if result.get("hostpages") == "4k" else "") + \
        (f" roots={few}" if few != ROOTS else "")


def figures(result):
    exits, traps, counted = result["vm_exits"], result["hm_traps"], result["instructions"]
    return {"mode": result["mode"], "hm": result["hm"], "label": label_of(result),
            "svadu": result.get("svadu", "0") != "0",
            "workload": result["workload"], "is_part": bool(result.get("region")), "exits": exits["total"], "memory": exits["memory"],
            "traps": traps["total"], "transitions": plus(exits["total"], traps["total"]),
            "trapped": traps["memory"], "for_memory": plus(exits["memory"], traps["memory"]), "instructions": counted["total"],
            "reasons": exits["by_reason"], "kinds": traps["by_kind"]}


def natives(rows):
    """What native took, by who set A and D and by workload."""
    native = {}
    for row in rows:
        if row["mode"] == "native":
            native.setdefault((row["svadu"], row["workload"]), row["instructions"])
    return native


def rows_of(results):
    """The figures of all results, each beside what native took for the same workload.  Of two natives that is the one
    whose hart has what the guests have (SVADU); `svade` is the other."""
    rows = [figures(result) for result in results]
    native, svadu = natives(rows), any(row["svadu"] for row in rows)
    for row in rows:
        row["native"] = native.get((svadu, row["workload"]))
        row["against"] = ratio(row["instructions"], row["native"])
        row["svade"] = ratio(row["instructions"], native.get((False, row["workload"])) if svadu else None)
        if row["mode"] == "native" and svadu and not row["svadu"]:
            row["label"] = WITHOUT_SVADU
    return rows


def total(rows):
    summed = {key: total_of(rows, key) for key in
              ["exits", "memory", "traps", "transitions", "for_memory", "instructions", "native"]}
    return rows[0] | summed | {"mean": mean([row["against"] for row in rows]),
                               "svade": mean([row["svade"] for row in rows]),
                               "against": ratio(summed["instructions"], summed["native"])}


# ---- tables ----

HEADS = ["workload", "mode", "exits", "(memory)", "traps", "transitions", "instructions", "vs native", "exits vs tsp",
         "transitions vs tsp"]


def aligned(heads, cells):
    """A table whose first two columns are words; a column in which nothing was measured is left out."""
    cells = [["-" if cell is None else str(cell) for cell in row] for row in cells]
    kept = [at for at in range(len(heads)) if any(row[at] not in ("", "-") for row in cells)]
    widths = [max(10 if at < 2 else 8, *(len(row[at]) for row in [heads, *cells])) for at in kept]
    form = " ".join(f"%{'-' if at < 2 else ''}{width}s" for at, width in zip(kept, widths))
    return [line(form, [row[at] for at in kept]) for row in [heads, *cells]]


def count_cells(name, rows):
    """The instructions of native are 1; changes are of what memory virtualization causes, against tsp."""
    base = next((row for row in rows if row["mode"] == "tsp"), {})
    for row in rows:
        changes = ["", ""] if row["mode"] in ("native", "tsp") else [
            change(row["memory"], base.get("memory")), change(row["for_memory"], base.get("for_memory"))]
        yield [name, row["label"], row["exits"], row["memory"], row["traps"], row["transitions"], row["instructions"],
               shown(row["against"], 3), *changes]


def counts(results):
    rows = rows_of(regions.together(results))
    workloads = distinct(row["workload"] for row in rows)
    whole = [row for row in rows if not row["is_part"]]
    cells = [cell for name in workloads for cell in count_cells(name, [r for r in rows if r["workload"] == name])]
    if len(distinct(row["workload"] for row in whole)) > 1:
        sums = [total([r for r in whole if r["label"] == each]) for each in distinct(r["label"] for r in whole)]
        cells += count_cells("sum", sums)
        cells += [["geom. mean", row["label"], *[""] * 5, shown(row["mean"], 3), "", ""]
                  for row in sums if row["mode"] != "native" and row["mean"] is not None]
    return aligned(HEADS, list(without_repeats(cells)))


def causes(results, what, count, by):
    """What there is of exits, or of traps, for memory, where there is any."""
    results = regions.together(results)
    rows = [row for row in rows_of(results) if (row[count] or 0) > 0]
    names = [name for name in distinct(name for row in rows for name in row[by])
             if name not in OTHER and any((row[by].get(name) or 0) > 0 for row in rows)]
    if not rows:
        return []
    cells = [[workload, row["label"], *(row[by].get(name) or 0 for name in names)]
             for workload in distinct(r["workload"] for r in rows_of(results))
             for row in rows if row["workload"] == workload]
    return ["", *aligned([what, "memory", *names], list(without_repeats(cells)))]


def reasons(results):
    return causes(results, "exits for", "memory", "reasons")


def kinds(results):
    return causes(results, "traps for", "trapped", "kinds")


def both_natives(results):
    """Instructions against native with Svadu and without, where both were run; the modes' own use of Svadu is in
    each."""
    rows = [row for row in rows_of(results) if row["mode"] != "native" and row["svade"] is not None and not row["is_part"]]
    if not rows:
        return []
    cells = [[workload, row["label"], shown(row["against"], 3), shown(row["svade"], 3)]
             for workload in distinct(row["workload"] for row in rows) for row in rows if row["workload"] == workload]
    means = [total([row for row in rows if row["label"] == each]) for each in distinct(row["label"] for row in rows)]
    if len(distinct(row["workload"] for row in rows)) > 1:
        cells += [["geom. mean", row["label"], shown(row["mean"], 3), shown(row["svade"], 3)] for row in means]
    return ["", *aligned(["against", "native:", "with Svadu", "without"], list(without_repeats(cells)))]


def table(results):
    return counts(results) + reasons(results) + kinds(results) + both_natives(results) + regions.overlaps(results)


STEPS = "%-28s %7s %11s %6s  %8s %6s %8s %6s %8s %6s %8s %6s"


class Ladder:
    """All policies, and what each further event changes."""

    def __init__(self, results):
        groups = {}
        for row in rows_of(results):
            if row["mode"] != "native" and not row["is_part"]:
                row["hm"] = [name for name in row["hm"] if name != "none"]
                groups.setdefault((row["mode"] in TSP, row["mode"], tuple(row["hm"])), []).append(row)
        self.rows = [total(groups[key]) for key in sorted(groups)]
        self.policies = [row for row in self.rows if row["mode"] not in TSP]

    def worth(self, row, event):
        """Exits with one more event, and how both figures change by it."""
        key = sorted([*row["hm"], event])
        above = next((other for other in self.policies if sorted(other["hm"]) == key), None)
        if above is None:
            return None, None, None
        exits = None if None in (above["memory"], row["memory"]) else above["memory"] - row["memory"]
        against = None if None in (above["mean"], row["mean"]) else above["mean"] - row["mean"]
        return above["memory"], exits, against

    def cells(self, row):
        name = row["mode"] if row["mode"] in TSP else "ssp " + (",".join(row["hm"]) or "none")
        out = [name, row["memory"], row["for_memory"], shown(row["mean"], 3)]
        for event in EVENTS:
            if row["mode"] in TSP or event in row["hm"]:
                out += ["", ""]
            else:
                exits, _, against = self.worth(row, event)
                out += [change(exits, row["memory"]), signed(against, 3)]
        return out

    def average(self, event):
        steps = [self.worth(row, event)[1:] for row in self.policies if event not in row["hm"]]
        exits, against = [average([step[at] for step in steps]) for at in (0, 1)]
        return [signed(exits, 0), signed(against, 3)]


def average(values):
    return sum(values) / len(values) if values and None not in values else None


def steps(results):
    """The ladder: sums and means over all workloads for each policy, and what each further event changes."""
    ladder = Ladder(results)
    heads = [["", "", "", "", *(cell for event in EVENTS for cell in (event, ""))],
             ["policy", "exits", "transitions", "native", *["exits", "native"] * 4]]
    rows = sorted(ladder.rows, key=lambda row: (row["mode"] not in TSP, len(row["hm"])))
    last = ["on average", "", "", "", *(cell for event in EVENTS for cell in ladder.average(event))]
    return [line(STEPS, cells) for cells in [*heads, *map(ladder.cells, rows), last]]


SIDES = "%-10s %-10s %11s %11s %9s %9s %6s %9s %13s"
FENCES = ["sfence_va", "sfence_asid", "sfence_all", "ring", "remote_fence"]


def transitions(result):
    return plus(result["vm_exits"]["total"], result["hm_traps"]["total"])


def flushes(result):
    """The transitions that flushes cause: fences, remote fences, commits of the ring."""
    reason, kind = result["vm_exits"]["by_reason"], result["hm_traps"]["by_kind"]
    return plus(*map(reason.get, ["flush", "ring", "remote_fence"]), *map(kind.get, FENCES))


def side_cells(off, on):
    return [on["workload"], label(on["mode"], on["hm"]), transitions(off), transitions(on), flushes(off), flushes(on),
            shown(ratio(flushes(on), flushes(off)), 2), (on["guest_ring"] or {}).get("flush_calls"),
            shown(ratio(on["instructions"]["total"], off["instructions"]["total"]), 3)]


def side_by_side(results):
    """The patched kernel with hm=off and without; calls are those of the kernel's flush functions."""
    sides = [[r for r in results if r["guest"] == guest] for guest in ("patched-off", "patched")]
    order = distinct(off["workload"] for off in sides[0])
    pairs = [(off, on) for on in sides[1] for off in
             [r for r in sides[0] if all(r[key] == on[key] for key in ("workload", "mode", "hm"))][:1]]
    pairs.sort(key=lambda pair: order.index(pair[1]["workload"]))
    heads = [["", "", "transitions", "", "flushes", "", "", "", "instructions"],
             ["workload", "mode", "hm=off", "patched", "hm=off", "patched", "ratio", "calls", "to hm=off"]]
    return [line(SIDES, cells) for cells in [*heads, *without_repeats(side_cells(*pair) for pair in pairs)]]
