# SPDX-License-Identifier: BSD-2-Clause
"""The chapters about what a shadow keeps: address spaces, and memory for tables."""

from hmode import modes
from hmode.results import plus
from report import plan
from report.blocks import Section, Text
from report.data import exits, transitions, workloads
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
