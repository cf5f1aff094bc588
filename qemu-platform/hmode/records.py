# SPDX-License-Identifier: BSD-2-Clause
"""From a console to result objects: host-hv and the firmware print JSON records among the guest's lines (RFC 7464).

Natively the console is the guest's own, which can print records as well.  What has not the form of one is none
(docs/abi.md, "Records"; hmcode/include/hm_record.h writes them).
"""

import json
import re

from hmode import abi, modes, regions, versions, walks

SEPARATOR = "\x1e"
LARGEST = (1 << 64) - 1
REASONS, TRAPS = ({key for key, _ in keys} for keys in (abi.REASONS, abi.TRAPS))
SUMS = {"ring": {"entries", "flushes", "hints_used", "hints_lost"},
        "shadow": {"tables_peak", "tables_allocated", "tables_recycled", "pool"}}


# ---- is it one? ----

def is_number(value):
    return type(value) is int and 0 <= value <= LARGEST     # True is an int as well


def is_number_or_none(value):
    return value is None or is_number(value)


def has(value, needed, keys, is_good):
    """Is it an object that has those which are needed, and others of the keys alone, all of them good?"""
    return isinstance(value, dict) and needed <= value.keys() <= needed | keys and all(map(is_good, value.values()))


def are_counts(value, by, keys):
    """Exits by reason, or traps by kind."""
    return isinstance(value, dict) and has(value.get(by), set(), keys, is_number) and \
        has({key: count for key, count in value.items() if key != by}, {"total", "memory"}, set(), is_number)


def is_of_mark(record):
    """What was counted until then."""
    return is_number(record.get("mark")) and all(isinstance(record.get(key, True), bool) for key in ("ok", "begun")) and \
        are_counts(record.get("vm_exits"), "by_reason", REASONS) and are_counts(record.get("hm_traps"), "by_kind", TRAPS) and \
        has(record.get("instructions"), {"total"}, {"guest", "host", "hm"}, is_number_or_none) and \
        all(record.get(key) is None or has(record[key], keys, keys, is_number) for key, keys in SUMS.items()) and \
        is_number_or_none(record.get("longest_m_stay")) and record.get("walk_refs") is None


def is_record(value):
    """Of the kinds that there are: of an end, of a policy, and of a mark."""
    if not is_number_or_none(value.get("vm")):
        return False
    if "end" in value:
        return isinstance(value["end"], str)
    return modes.told(value["policy"]) is not None if "policy" in value else is_of_mark(value)


# ---- what a console has ----


def lines(console):
    return console.replace("\r", "").split("\n")


def record_of(line):
    """The object of the text sequence that the line has; a record that was cut off is none."""
    found = re.search(rf"{SEPARATOR}(\{{[^{SEPARATOR}]*\}})\Z", line)
    try:
        value = json.loads(found[1]) if found else None
    except (ValueError, RecursionError):        # no JSON, a number that is too long, or lists that lie too deep
        return None
    return value if value is not None and is_record(value) else None


def records(console):
    return [found for found in map(record_of, lines(console)) if found is not None]


def without_records(console):
    """The console as a person reads it."""
    return [line for line in lines(console) if SEPARATOR not in line]


def counts(text):
    """What a patched kernel tells as NAME=NUMBER."""
    return {name: int(count) for name, count in re.findall(r"\b(\w+)=([0-9]{1,18})\b", text)}


def rings(console):
    """What a patched kernel counted of its flush rings, by workload."""
    told = re.findall(r"hmwork: ([a-z]*) ring: (.*)$", "\n".join(lines(console)), re.M)
    return {name: counts(text) for name, text in told}


def ends(console):
    """How host-hv says that the guests ended."""
    return sorted({record["end"] for record in records(console) if record.get("end")})


def instructions(settings, record):
    """QEMU counts instructions only with -icount.  Natively the firmware splits what one hart did."""
    counted = record["instructions"]
    if not settings.icount:
        return dict.fromkeys(counted)
    if settings.is_native and settings.harts > 1:
        return counted | {"guest": None, "hm": None}
    return counted


def result(settings, workload, record, ring, made_of):
    """The result object of one workload, of a run that was made of these versions; docs/measuring.md has the schema."""
    return {
        "schema": 1, "mode": settings.mode, "hm": settings.policy, "guest": settings.guest, "workload": workload,
        "profile": settings.profile, "vcpus": settings.vcpus, "harts": settings.harts,
        "icount": bool(settings.icount), "svadu": settings.svadu, "svvptc": bool(settings.svvptc),
        "roots": settings.roots, "hostpages": settings.hostpages, "ok": record.get("ok"), "vm_exits": record["vm_exits"],
        "hm_traps": record["hm_traps"], "instructions": instructions(settings, record),
        "longest_m_stay": record.get("longest_m_stay") if settings.icount else None,
        "walk_refs": record.get("walk_refs"), "ring": record.get("ring"), "guest_ring": ring,
        "shadow": record.get("shadow"),
        "versions": made_of, "translation": None,
    }


def by_mark(settings, console):
    """The mark of each record, and the result object that came of it; None where the workload was not wanted."""
    counted, made_of = rings(console), versions.of(settings)
    for record in records(console):
        number = record.get("mark")
        if number is not None and not record.get("vm"):
            name = settings.marks_of.get(number)
            yield number, result(settings, name, record, counted.get(name), made_of) if name else None


def results(settings, console):
    """A result object for each wanted workload that gave a record."""
    return [found for _, found in by_mark(settings, console) if found]


def begun(console, number):
    """Of each record with this mark, whether its counting was begun since the record before."""
    return [record.get("begun", True) for record in records(console) if record.get("mark") == number and not record.get("vm")]


def of_regions(settings, console):
    """With MARKS=1 alone: the regions that were marked, and what is wrong with marks."""
    made_of, events, policy = versions.of(settings), [], {}
    for line in lines(console):
        record, told = record_of(line), regions.TOLD.search(line)
        if record is not None and "policy" in record and not record.get("vm"):
            policy = modes.told(record["policy"]) | {regions.MIXED: True}       # in what is counted at the moment
        elif record is not None and record.get("mark") == regions.NUMBER and not record.get("vm"):
            events.append((result(settings, None, record, None, made_of) | policy, record.get("begun", True)))
            policy.pop(regions.MIXED, None)
        elif record is not None and record.get("end") and not record.get("vm"):
            events.append(None)
        elif told:
            events.append(told[1])
    return regions.of_console(events)


def walked(settings, console, log):
    """The same, with what a plugin counted meanwhile."""
    marks = list(by_mark(settings, console))
    walks.add(settings, marks, log)
    return [found for _, found in marks if found]


def as_text(objects):
    """One object a line."""
    return "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in objects)


# What says why, before what says that: a root that cannot be unpacked leaves a kernel that panics for want of one.
TELLING = (r"Initramfs unpacking failed", r"host-hv: |hmcode: |Kernel panic|FAILED|^qemu-system|^walks: ")


def cause(console):
    """The line that best says why a run failed; that QEMU was told to end is the launcher's own doing."""
    found = [line for line in lines(console) if "terminating on signal" not in line]
    for telling in TELLING:
        for line in found:
            if re.search(telling, line):
                return line
    return "it gave no reason"
