# SPDX-License-Identifier: BSD-2-Clause
"""The chapters that set one side beside another: harts, options, kernels, policies."""

from hmode import modes as known, results
from report import svg, words
from report.blocks import Chart, Section, Table, Text
from report.data import exits, reason, transitions, workloads
from report.sections import SUM, against_column, change_chart, change_column, column, instruction_table, mean_cell, table, total_cell


# ---- the ladder ----

def policies(data):
    """(label, side) of each, from none of the events to all."""
    found = []
    for policy in known.ladder():
        name = "ladder-" + known.spelled(policy).replace(",", "+")
        name = {tuple(known.MODES["ssp"]): "virt-ssp", tuple(known.MODES["ssp-hm"]): "virt-ssp-hm"}.get(tuple(policy), name)
        if data.has(name):
            found.append((policy, data.side(name)))
    return sorted(found, key=lambda each: len(each[0]))


def ladder(data):
    found = policies(data)
    if not data.has("virt-native", "virt-tsp") or len(found) < 3:
        return None
    native, tsp = data.side("virt-native"), data.side("virt-tsp")
    rows = workloads([native, tsp])
    sides = [("`tsp`", "c-tsp", tsp), *((f"`{known.spelled(policy)}`", "c-ssp-hm" if len(policy) == 4 else "c-ssp", side)
                                        for policy, side in found)]
    counted = [(label, kind, side.total(rows, exits), side.mean(rows, side.against(native))) for label, kind, side in sides]
    most = svg.round_up(max((count or 0 for _, _, count, _ in counted), default=1) or 1)
    drawing = svg.bars([(label.strip("`"), kind, count, f"{count:,}, {words.ratio(average)}") for label, kind, count, average in counted
                        if count is not None], most, [(part * most / 4, words.whole(part * most / 4)) for part in range(5)])
    made = tuple((label, total_cell(side, rows, exits), total_cell(side, rows, transitions),
                  mean_cell(side, rows, side.against(native))) for label, _, side in sides)
    title = "Exits for memory of each policy, over all workloads"
    about = "A policy is the list of events that the firmware answers itself. `satp` alone is the mode `ssp`, and all four are `ssp-hm`. " \
        "At the end of a bar stand its exits, and instructions against native (geometric mean)."
    behind = Table("ladder-table", title, ("the firmware answers", "exits for memory", "transitions", "instructions against native"), made)
    return Section("ladder", "The ladder: event by event into the firmware", (Chart("ladder-chart", title, about, drawing, (), behind),))


# ---- harts like those of boards ----

def u74(data):
    here, there = data.modes("virt"), data.modes("u74")
    if not {"native", "tsp", "ssp"} <= set(there):
        return None
    rows, blocks = workloads(there.values()), []
    sides = [(" on `u74`", there["ssp"], there["tsp"])]
    if {"tsp", "ssp"} <= set(here):
        sides.insert(0, (" on `virt`", here["ssp"], here["tsp"]))
    classes = [("c-ssp", "diamond"), ("c-tsp-in-step", "square")][-len(sides):]
    about = "The band is what was published (VEE 2021): 23 to 56 % fewer. `u74` is like today's boards without H: no Svvptc, so the kernel " \
        "fences each page that it maps. These fences are exits of `tsp`, and wait in `ssp`."
    blocks.append(change_chart("u74-chart", about, sides, rows, "Exits for memory of `ssp` against `tsp`, on both harts", classes))
    blocks.append(instruction_table("u74-instructions", "Instructions against native, on `u74`", there, rows, there["native"], folded=True))
    return Section("u74", "Harts like those of boards", tuple(blocks))


# ---- two-stage translation, by small pages ----

def hap(data):
    if not data.has("virt-native", "virt-hap"):
        return None
    native, sides = data.side("virt-native"), [("largest pages", data.side("virt-hap"))]
    if data.has("hap-4k"):
        sides.append(("4 KiB pages", data.side("hap-4k")))
    rows, columns = workloads([native]), []
    for label, side in sides:
        columns += [column(f"`g_stage_fault`, {label}", side, rows, reason("g_stage_fault")),
                    against_column(f"instructions, {label}", side, native, rows)]
    about = "`hap` runs the guest by the H extension, and the hart translates in two stages. An exit for memory is the first touch " \
        "of a page of the host's. What a walk in two dimensions costs is not in these instructions."
    return Section("hap", "Two-stage translation", (
        Text(about), table("hap-table", "`hap` by the size of the pages that hold the guest's memory", rows, columns, SUM)))


# ---- who sets A and D ----

def svadu(data):
    names = ("virt-native", "virt-ssp-hm", "svadu-native", "svadu-ssp-hm")
    if not data.has(*names):
        return None
    native, guest, native_too, guest_too = map(data.side, names)
    rows = workloads([native])
    columns = [against_column("both without", guest, native, rows), against_column("guest with, native without", guest_too, native, rows),
               against_column("both with", guest_too, native_too, rows)]
    about = "With Svadu the hart sets A and D in page tables itself. `SVADU=1` tells a guest so, and the firmware sets them. Natively it is the " \
        "hart that does. The middle column compares with a native kernel that does it by faults (Svade)."
    return Section("svadu", "A and D by the firmware", (
        Text(about), table("svadu-table", "Instructions of `ssp-hm` against native", rows, columns, "geometric mean")))


# ---- the patched guest ----

def patched_table(data, mode, suffix, caption, folded=False):
    names = [f"{guest}-{mode}{suffix}" for guest in ("patched-off", "patched")]
    if not data.has(*names):
        return None
    off, on = map(data.side, names)
    rows, flushes = workloads([off]), results.flushes
    columns = [column("transitions, `hm=off`", off, rows, transitions), column("patched", on, rows, transitions),
               change_column("change", on, off, rows, transitions), column("flushes, `hm=off`", off, rows, flushes),
               column("patched", on, rows, flushes), against_column("instructions", on, off, rows)]
    return table(f"patched-{mode}{suffix}", caption, rows, columns, SUM, folded=folded)


def patched(data):
    found = [patched_table(data, "ssp-hm", "", "The patched kernel in `ssp-hm`, against itself with `hm=off`"),
             patched_table(data, "ssp-hm", "-fenced", "The same with Svvptc withheld: each new mapping is fenced", True),
             patched_table(data, "ssp", "", "The same in `ssp`", True), patched_table(data, "tsp", "", "The same in `tsp`", True)]
    if not any(found):
        return None
    about = "The patched kernel hands its flushes to the firmware through a ring in memory, many at a time. Flushes are the transitions that " \
        "fences and commits of the ring cause. Instructions are the patched kernel's against `hm=off`."
    return Section("patched", "A guest that hands in its flushes", (Text(about), *filter(None, found)))
