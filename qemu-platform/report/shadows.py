# SPDX-License-Identifier: BSD-2-Clause
"""The chapters about what a shadow keeps: address spaces, and memory for tables."""

from hmode import modes
from hmode.results import plus
from report import plan
from report.blocks import Section, Text
from report.data import Side, exits, transitions, workloads
from report.sections import SUM, against_column, column, table


# ---- the buffer of roots ----

def misses(result):
    """Switches to an address space whose root was not kept, whoever serves them."""
    return plus(result["vm_exits"]["by_reason"].get("root_miss", 0), result["hm_traps"]["by_kind"].get("satp_miss", 0))


def root_sides(data, mode):
    """number of roots -> side, the fewest first; that of all is the table's own."""
    names = {count: f"roots-{count}-{mode}" for count in plan.FEW_ROOTS} | {modes.ROOTS: f"virt-{mode}"}
    return {count: data.side(name) for count, name in names.items() if data.has(name)}


def that_switch(sides):
    """Workloads that miss more often with one number of roots than with another."""
    found = workloads(sides.values())
    return [row for row in found if len({side.figure(row, misses) for side in sides.values()} - {None}) > 1]


def roots_table(data, mode, native):
    sides = root_sides(data, mode)
    rows, columns = that_switch(sides), []
    if not rows:
        return None
    for head, of in (("misses", misses), ("exits", exits), ("transitions", transitions)):
        if of is not exits or mode == "ssp":
            columns += [column(f"{head}, {count}", side, rows, of) for count, side in sides.items()]
    columns += [against_column(f"instructions, {count}", side, native, rows) for count, side in sides.items()]
    return table(f"roots-{mode}", f"`{mode}` with {' or '.join(map(str, sides))} roots", rows, columns, SUM)


def roots(data):
    if not data.has("virt-native"):
        return None
    found = [made for mode in modes.BUFFERED if (made := roots_table(data, mode, data.side("virt-native")))]
    if not found:
        return None
    about = "The shadow keeps a tree of its own for each of the guest's last address spaces, here 1 or 4 instead of 16. A switch to another " \
        "one is a miss: its tables are hung and filled again. With one root two processes that take turns miss at each switch. " \
        "Workloads that miss as often with either number are left out. Exits and transitions are those for memory, instructions are " \
        "against native."
    return Section("roots", "How many address spaces the shadow keeps", (Text(about), *found))


# ---- memory ----

KIB_OF_A_TABLE = 4


def of_tables(name, unit=1):
    """A figure of the shadow's tables; None where there is no shadow."""
    def figure(result):
        told = result.get("shadow")
        return told[name] * unit if told else None
    return figure


def memory_columns(sides, rows):
    """For each mode; a peak is of one moment, so peaks have no sum."""
    found = []
    for label, side in sides.items():
        head, cell, _ = column(f"KiB at the peak, `{label}`", side, rows, of_tables("tables_peak", KIB_OF_A_TABLE))
        found.append((head, cell, ""))
    for what in ("allocated", "recycled"):
        found += [column(f"{what}, `{label}`", side, rows, of_tables(f"tables_{what}")) for label, side in sides.items()]
    return found


def has_figures(side):
    return any(of_tables("tables_peak")(result) is not None for result in side.rows.values())


def pools(sides):
    """In words, how large each is."""
    found = {label: {of_tables("pool", KIB_OF_A_TABLE)(result) for result in side.rows.values()} - {None} for label, side in sides.items()}
    return ", ".join(f"{max(sizes):,} KiB in `{label}`" for label, sizes in found.items() if sizes)


def joined(data, mode):
    """The runs of single workloads as one side."""
    kept = [data.runs[name] for name in (f"memory-{mode}-{workload}" for workload in plan.ALONE) if data.has(name)]
    failed = next((each["failed"] for each in kept if each["failed"]), None)
    return Side({"run": f"memory-{mode}", "failed": failed, "results": [result for each in kept for result in each["results"]]})


def memory(data):
    whole = {name: side for name, side in data.modes("virt").items() if has_figures(side)}
    alone = {name: side for name in ("tsp", *modes.BUFFERED) if has_figures(side := joined(data, name))}
    if not whole and not alone:
        return None
    about = "Tables are pages of 4 KiB that an address space holds, and those of the kernel's half. `ssp` and `ssp-hm` keep a table where it " \
        "is when its address space ends, for the next one. They give it back only when the pool is full: that is `recycled`. `tsp` gives " \
        "back what no table of the guest's links. So in one boot each row has at its peak what the rows before have left." \
        + f" A pool has {pools(whole | alone)}."
    blocks = [Text(about)]
    if alone:
        rows = workloads(alone.values())
        blocks.append(table("memory-alone", "Each workload alone in its boot", rows, memory_columns(alone, rows)))
    if whole:
        rows = workloads(whole.values())
        blocks.append(table("memory-table", "One after the other in one boot", rows, memory_columns(whole, rows), "sum"))
    return Section("memory", "The memory that shadows take", tuple(blocks))
