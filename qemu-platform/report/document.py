# SPDX-License-Identifier: BSD-2-Clause
"""The page of all records, and their CSV."""

import csv
import dataclasses
import io

from report import others, sections, shadows, sides, walks
from report.blocks import Page, Text
from report.data import Data

CHAPTERS = (others.failures, sections.in_short, sections.exits_by_reason, sections.change, sections.against_native, sections.dearest,
            others.events, sides.ladder, sides.u74, sides.hap, walks.chapter, sides.svadu, shadows.roots, shadows.memory, sides.patched,
            others.programs, others.devices, others.hspt, others.missing, others.made_by)
LEAD = ("hmode runs unmodified Linux guests on RISC-V harts without the hypervisor extension, and counts what that costs.",
        "Everything here ran on QEMU. Figures are counts of events and of retired instructions.")

MODES = 'make measure MODES="native tsp tsp-in-step ssp ssp-hm hap"'
# How a reader makes the figures of a chapter alone.
MADE_BY = {
    "in-short": (MODES,), "exits": (MODES,), "change": (MODES,), "instructions": (MODES,), "causes": (MODES, "make bench-events"),
    "events": ("make bench-events", "make run MODE=tsp MEM=128M KERNEL=build/payloads/bench-events.bin"), "ladder": ("make measure LADDER=1",),
    "u74": ('make measure MODES="native tsp tsp-in-step ssp ssp-hm" PROFILE=u74',),
    "hap": ('make measure MODES="native hap"', 'make measure MODES="native hap" HOSTPAGES=4k'),
    "walks": ('make measure MODES="native ssp-hm hap" WALKS="u74 p550 c910 x60"',
              'make measure MODES="native ssp-hm hap" WALKS="u74 p550 c910 x60" HOSTPAGES=4k LIST=tests/programs/small/NAME.list'),
    "roots": ('make measure MODES="native ssp ssp-hm" ROOTS=1',),
    "memory": ("make run MODE=ssp-hm WORKLOAD=fork RESULT=out.json",),
    "svadu": ('make measure MODES="native ssp-hm" SVADU=1',), "patched": ("make run GUEST=patched", "make measure GUEST=patched SVVPTC=0"),
    "programs": ('make measure MODES="native tsp ssp ssp-hm hap" LIST=tests/programs/NAME.list',), "hspt": ("make bench-hspt",),
    "devices": ("make bench-devices",)}

KEYS = ("workload", "mode", "guest", "profile", "vcpus", "harts", "icount", "svadu", "svvptc", "roots", "hostpages", "ok", "moves")


TABLES = ("tables_peak", "tables_allocated", "tables_recycled", "pool")


def csv_of(data):
    """A line for each record."""
    rows = [(kept["run"], result) for kept in data.runs.values() for result in kept["results"] if "vm_exits" in result]
    reasons = list(dict.fromkeys(name for _, result in rows for name in result["vm_exits"]["by_reason"]))
    kinds = list(dict.fromkeys(name for _, result in rows for name in result["hm_traps"]["by_kind"]))
    parts = ("total", "guest", "host", "hm")
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(["run", *KEYS, "policy", "exits", "exits_memory", *(f"exits_{name}" for name in reasons), "traps", "traps_memory",
                  *(f"traps_{name}" for name in kinds), *(f"instructions_{name}" for name in parts), *(f"shadow_{name}" for name in TABLES)])
    for run, result in rows:
        left, traps, counted = result["vm_exits"], result["hm_traps"], result["instructions"] or {}
        shadow = result.get("shadow") or {}
        out.writerow([run, *(result.get(key) for key in KEYS), " ".join(result["hm"]), left["total"], left["memory"],
                      *(left["by_reason"].get(name, "") for name in reasons), traps["total"], traps["memory"],
                      *(traps["by_kind"].get(name, "") for name in kinds), *(counted.get(name) for name in parts),
                      *(shadow.get(name) for name in TABLES)])
    return text.getvalue()


def reproducible(chapter):
    """With the commands that make its figures."""
    commands = " and ".join(f"`{each}`" for each in MADE_BY.get(chapter.name, ()))
    return dataclasses.replace(chapter, blocks=(*chapter.blocks, Text(f"Made by {commands}.", soft=True))) if commands else chapter


def page(document):
    data = Data(document)
    chapters = filter(None, (chapter(data) for chapter in CHAPTERS))
    return Page("What memory virtualization costs without H", LEAD, tuple(map(reproducible, chapters)), csv_of(data))
