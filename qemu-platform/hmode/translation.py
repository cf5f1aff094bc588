# SPDX-License-Identifier: BSD-2-Clause
"""The tables of what address translation costs (walks.py), from result objects."""

from hmode import results as figures
from hmode.results import aligned, distinct, ratio, shown, without_repeats


def label_of(result):
    return figures.label_of(result) + (" hm=off" if result["guest"] == "patched-off" else "")


def natives(results):
    """(guest, workload, core) -> what native took."""
    return {(result["guest"], result["workload"], core): counts["cycles"]
            for result in results if result["mode"] == "native" for core, counts in result["translation"].items()}


def against(native, result, core):
    cycles = result["translation"][core]["cycles"]
    return shown(ratio(cycles, native.get((result["guest"], result["workload"], core))), 3)


def by_workload(results):
    return [result for name in distinct(each["workload"] for each in results)
            for result in results if result["workload"] == name]


def cells_of(results, core):
    native = natives(results)
    for result in by_workload(results):
        counts = result["translation"][core]
        references, walks = counts["walk_refs"] + counts["g_refs"], counts["walks"] + counts["fault_walks"]
        yield [result["workload"], label_of(result), counts["l1i_misses"] + counts["l1d_misses"], walks, counts["walk_refs"],
               counts["g_refs"] or "", shown(ratio(references, walks), 2), counts["traps"], counts["cycles"],
               against(native, result, core)]


def of_core(results, core):
    heads = [core, "mode", "L1 misses", "walks", "refs", "G refs", "per walk", "traps", "cycles", "vs native"]
    return ["", *aligned(heads, list(without_repeats(cells_of(results, core))))]


def of_variants(results, core, names):
    """Cycles against native, of the core as it is listed and of what it may be."""
    native, modes = natives(results), distinct(label_of(result) for result in results if result["mode"] != "native")
    at = {(result["workload"], label_of(result)): result for result in results}
    cells = [[workload, name.partition(": ")[2] or "as listed",
              *(against(native, at[workload, mode], name) if (workload, mode) in at else None for mode in modes)]
             for workload in distinct(result["workload"] for result in results) for name in names]
    return ["", *aligned([core, "with", *modes], list(without_repeats(cells)))]


def tables(results):
    """One for each core, and one for each whose variants were counted."""
    results = [result for result in results if result.get("translation")]
    names = distinct(name for result in results for name in result["translation"])
    made = []
    for core in [name for name in names if ": " not in name]:
        made += of_core(results, core)
        of_it = [name for name in names if name == core or name.startswith(f"{core}: ")]
        if len(of_it) > 1 and len(distinct(map(label_of, results))) > 1:
            made += of_variants(results, core, of_it)
    return made
