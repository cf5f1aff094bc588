# SPDX-License-Identifier: BSD-2-Clause
"""Two builds beside each other: what changed, and in which event."""

import json
import pathlib

from hmode import regions
from hmode.messages import Refused
from hmode.modes import ROOTS, label
from hmode.results import mean, ratio
from report import repeat, words
from report.blocks import Items, Page, Section, Table, Text
from report.data import exits, instructions, transitions

# Where two records differ in one of these, they are of different things.
SAME = ("workload", "mode", "hm", "guest", "profile", "vcpus", "harts", "icount", "svadu", "svvptc", "roots", "hostpages")
# Where two differ in one of these, what they count is another's work.
WORK = ("qemu", "kernel", "packages")
# Of instructions: less moves by where timer ticks fall.
MOVES = 0.001
MOST = 4


def whole(text):
    """A report.json; None: it is another file, which has a record on each line."""
    try:
        told = json.loads(text)
    except ValueError:
        return None
    return told if isinstance(told["runs"] if "runs" in told else None, list) else None


# What each key of a record is, as far as it is used here; those of the second list may be missing or None.
KINDS = {"workload": str, "mode": str, "hm": list, "guest": str, "profile": str, "vcpus": int, "harts": int, "icount": bool,
         "ok": (bool, type(None)), "vm_exits": dict, "hm_traps": dict, "instructions": dict}
OTHERS = {"versions": dict, "program": dict, "svadu": str, "svvptc": bool, "roots": int, "hostpages": str}
# What a record from before the key was made with.
BEFORE = {"roots": ROOTS}


def must_be_record(each):
    """TypeError, KeyError: it is none."""
    wrong = [name for name, kind in KINDS.items() if not isinstance(each[name], kind)]
    wrong += [name for name, kind in OTHERS.items() if not isinstance(each.get(name), (kind, type(None)))]
    for key, parts in (("vm_exits", "by_reason"), ("hm_traps", "by_kind")):
        told = each[key]
        numbers = (told["total"], told["memory"], *(told[parts].values() if isinstance(told[parts], dict) else [""]))
        wrong += [key for number in numbers if not isinstance(number, (int, type(None)))]
    if wrong or not isinstance(each["instructions"]["total"], (int, type(None))) or not all(isinstance(name, str) for name in each["hm"]):
        raise TypeError(wrong)


def records_of(path):
    """The records of a report.json, or of a file of RESULT=, each with the run that made it."""
    try:
        text = pathlib.Path(path).read_text()
        told = whole(text)
        found = [(kept["run"], each) for kept in told["runs"] for each in kept["results"]] if told else [
            ("", json.loads(line)) for line in text.splitlines() if line.strip()]
        found = [(run, each) for run, each in found if "vm_exits" in each]
        for _, each in found:
            if each.get("schema") == 1:         # else that is told
                must_be_record(each)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused(f"{path} has no records", "report.json, or a file that RESULT= named") from None
    if not found:
        raise Refused(f"{path} has no records", "report.json, or a file that RESULT= named")
    for _, each in found:
        if each.get("schema") != 1:
            raise Refused(f"{path} has a record of schema {each.get('schema')}", "records of schema 1")
    return [each for run, each in found]


def spelled(value):
    return tuple(value) if isinstance(value, list) else value


def by_place(found):
    """place -> record; a region is one record, its times together.  A key that a record has not yet is None, or
    what it was before there was a choice."""
    placed = {}
    for each in regions.together(found):
        placed.setdefault(tuple(spelled(each.get(name, BEFORE.get(name))) for name in SAME), each)
    return placed


def matching(place, others):
    """The place of the same thing in the other file.  What an older record does not say may be anything."""
    if place in others:
        return place
    fit = [other for other in others if all(a == b or None in (a, b) for a, b in zip(place, other))]
    return fit[0] if len(fit) == 1 else None


def name_of(each):
    more = [each["profile"]] if each["profile"] != "virt" else []
    more += [each["guest"]] if each["guest"] != "debian" else []
    more += [f"SVADU={each['svadu']}"] if each.get("svadu", "0") != "0" else []
    more += [f"ROOTS={each['roots']}"] if each.get("roots", ROOTS) != ROOTS else []
    more += ["4 KiB pages"] if each.get("hostpages") == "4k" else []
    more += ["Svvptc withheld"] if each.get("svvptc") is False and each["profile"] != "u74" else []
    return ", ".join([f"`{label(each['mode'], each['hm'])}`", *more])


def differs_in_work(a, b):
    """Why the two cannot be compared; None: they can."""
    if a["ok"] is not True or b["ok"] is not True:
        return "its answer was wrong in " + " and ".join(name for name, each in (("A", a), ("B", b)) if each["ok"] is not True)
    for name in WORK:
        mine, its = ((each.get("versions") or {}).get(name) for each in (a, b))
        if mine and its and mine != its:
            return f"{name}: {short_of(mine)} and {short_of(its)}"
    mine, its = ((each.get("program") or {}) for each in (a, b))
    for name in ("command", "warm"):
        if name in mine and name in its and mine[name] != its[name]:
            return f"another {'program' if name == 'command' else 'number of runs before'}"
    return None


def short_of(value):
    return "others" if isinstance(value, list) else f"`{value}`"


def counts(each):
    """Every event that came, by the words of the record; which names a record lists is its version's affair."""
    return {f"{what} `{name}`": count for what, told in (("exits", each["vm_exits"]["by_reason"]), ("traps", each["hm_traps"]["by_kind"]))
            for name, count in told.items() if count}


def changed_events(a, b):
    """The largest changes first."""
    mine, its = counts(a), counts(b)
    moved = {name: its.get(name, 0) - mine.get(name, 0) for name in [*mine, *(name for name in its if name not in mine)]}
    order = sorted((name for name in moved if moved[name]), key=lambda name: -abs(moved[name]))
    told = [f"{name} {words.signed(moved[name], 0)}" for name in order[:MOST]]
    return ", ".join(told) + (f", and {len(order) - MOST} more" if len(order) > MOST else "")


def is_counted(each):
    """Instructions are those of the work alone: with several harts or vCPUs spinning is in them."""
    return each["icount"] and each["harts"] == 1 and each["vcpus"] == 1


def instruction_ratio(a, b):
    if not (is_counted(a) and is_counted(b)):
        return None
    return ratio(instructions(b), instructions(a))


def both(a, b, of):
    mine, its = of(a), of(b)
    return words.whole(mine) if mine == its else f"{words.whole(mine)} → {words.whole(its)}"


def instruction_cell(a, b):
    moved = instruction_ratio(a, b)
    if moved is None:
        return "spinning is in them" if not (is_counted(a) and is_counted(b)) else words.NOTHING
    return words.signed((moved - 1) * 100, 2, " %") + (" (moves by itself)" if a["workload"] == "boot" else "")


# Of the same work: whose hands do it is left out.
ROW = ("workload", "guest", "profile", "vcpus", "harts")


def row_of(each):
    return tuple(each[name] for name in ROW)


def unsteady(pairs):
    """Row -> by how much native moved, from A to B or between moments of either, where that is too much for a mean."""
    found = {}
    for a, b in pairs:
        moved = instruction_ratio(a, b) if b["mode"] == "native" else None
        if moved:
            most = max(max(moved, 1 / moved) - 1, a.get("moves") or 0, b.get("moves") or 0)
            found[row_of(b)] = max(most, found.get(row_of(b), 0))
    return repeat.moving(found)


def is_equal(a, b):
    moved = instruction_ratio(a, b)
    return counts(a) == counts(b) and (moved is None or abs(moved - 1) < MOVES)


def row(a, b, marks):
    workload = repeat.marked(a["workload"], of_workload(b, marks))
    return (workload, name_of(b), changed_events(a, b), both(a, b, exits), both(a, b, transitions), instruction_cell(a, b))


def of_workload(each, marks):
    return {each["workload"]: marks[row_of(each)]} if row_of(each) in marks else {}


def versions_table(a, b):
    names = ("hmode", "commit", "changed", "qemu", "kernel", "compiler")
    made = []
    for name in names:
        cells = [sorted({str((each.get("versions") or {}).get(name) or "") for each in side} - {""}) for side in (a, b)]
        if any(cells):
            made.append((name, *(", ".join(each) or "it is not said" for each in cells)))
    if not made:
        return Text("Neither file says what it was made of.")
    return Table("versions", "What each was made of", ("", "A", "B"), tuple(made), words=3)


def is_steady(each, marks):
    return each["workload"] != "boot" and row_of(each) not in marks


def sums(pairs, marks):
    """By mode, of rows that both have.  marks: rows that are in no mean."""
    by_mode = {}
    for a, b in pairs:
        by_mode.setdefault(name_of(b), []).append((a, b))
    made = []
    for name, group in by_mode.items():
        left, right = ([of(pair[at]) for pair in group] for at, of in ((0, exits), (1, exits)))
        trapped = [sum(transitions(pair[at]) for pair in group) for at in (0, 1)]
        moved = mean([instruction_ratio(*pair) for pair in group if is_steady(pair[1], marks)])
        made.append((name, str(len(group)), words.whole(sum(left)), words.whole(sum(right)), words.change(sum(right), sum(left)),
                     words.whole(trapped[0]), words.whole(trapped[1]), words.change(trapped[1], trapped[0]),
                     words.signed((moved - 1) * 100, 2, " %") if moved else words.NOTHING))
    heads = ("mode", "rows", "exits, A", "B", "change", "transitions, A", "B", "change", "instructions, B against A")
    caption = "Sums for memory over the rows that both have; instructions: geometric mean without boot and marked rows"
    return Table("sums", caption, heads, tuple(made))


def sorted_out(a, b):
    """Pairs that can be compared, and in words what cannot."""
    mine, its = by_place(a), by_place(b)
    pairs, left, met = [], [], set()
    for place, each in mine.items():
        other = matching(place, its)
        met.add(other)
        why = "only in A" if other is None else differs_in_work(each, its[other])
        if why:
            left.append(f"{each['workload']}, {name_of(each)}: {why}.")
        else:
            pairs.append((each, its[other]))
    left += [f"{each['workload']}, {name_of(each)}: only in B." for place, each in its.items() if place not in met]
    return pairs, left


WHY = "native's own instructions differ by more than 1 % between A and B, or between moments of one"


def by_name(marks):
    """As a reader sees them: with what is not usual of it."""
    return {", ".join([workload, *([guest] if guest != "debian" else []), *([profile] if profile != "virt" else [])]): moved
            for (workload, guest, profile, _, _), moved in marks.items()}


def page(path_a, path_b):
    a, b = records_of(path_a), records_of(path_b)
    pairs, left = sorted_out(a, b)
    if not pairs:
        raise Refused(f"{path_a} and {path_b} have nothing that can be compared", left[0] if left else "records of the same workloads")
    moved, marks = [pair for pair in pairs if not is_equal(*pair)], unsteady(pairs)
    equal = len(pairs) - len(moved)
    heads = ("workload", "mode", "events, B − A", "exits", "transitions", "instructions")
    about = f"{equal} of {len(pairs)} rows are equal: the same events, and instructions within 0.1 %."
    changed = [Table("changed", "Rows that changed", heads, tuple(row(*pair, marks) for pair in moved), words=3)] if moved else []
    parts = [Section("builds", "The two builds", (versions_table(a, b),)),
             Section("over-all", "Over all", (sums(pairs, marks), *repeat.told(by_name(marks), WHY))),
             Section("rows", "Row by row", (Text(about), *changed))]
    if left:
        parts.append(Section("not-compared", "Not compared", (Items(tuple(left)),)))
    return Page("Two builds compared", (f"A is `{path_a}`, B is `{path_b}`.",), tuple(parts))
