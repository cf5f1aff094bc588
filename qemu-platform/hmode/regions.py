# SPDX-License-Identifier: BSD-2-Clause
"""Regions that a program marks by name (include/hm-mark.h).

Each mark ends a record and begins another one, so that the records are pieces which lie one behind the other and hold
nothing of a mark.  The guest tells beside them what was marked.  The program is the sum of all pieces, a region of
those that lie between its marks.
"""

import re

DEEPEST = 16
MARK = re.compile(rb"([+-])([A-Za-z0-9_.-]{1,32})")
REFUSED = b"~"             # one without a good name, of which the program was told
SUMMED = ("vm_exits", "hm_traps", "instructions", "ring", "walk_refs", "translation")


def plus(one, other):
    """Of two figures, or of all in two objects; None: not known."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: plus(value, other.get(key)) for key, value in one.items()}
    return None if one is None or other is None else one + other


def summed(pieces):
    """One result object of several."""
    total = dict(pieces[0])
    for piece in pieces[1:]:
        total |= {key: plus(total.get(key), piece.get(key)) for key in SUMMED if key in total}
        longest = [each.get("longest_m_stay") for each in (total, piece)]
        total["longest_m_stay"] = None if None in longest else max(longest)
        total["ok"] = bool(total["ok"] and piece["ok"])
    return total


class WrongMarks(Exception):
    """What is wrong with them."""


def region(name, number, depth, pieces):
    """The result object of one time that a region came."""
    return summed(pieces) | {"workload": name, "ok": True, "region": {"number": number, "depth": depth}}


def walk(program, marks, pieces):
    """The regions in the order of their ends; those that are open at the end of the program end with it."""
    opened, found, times = [], [], {}

    def end(last):
        name, first = opened.pop()
        times[name] = times.get(name, -1) + 1
        found.append(region(f"{program}/{name}", times[name], len(opened) + 1, pieces[first:last + 1]))

    for at, mark in enumerate(marks):
        if mark == REFUSED:
            continue
        what = MARK.fullmatch(mark)
        name = what and what[2].decode()
        if not what:
            raise WrongMarks(f"mark {at + 1} has no name")
        if what[1] == b"-":
            if not opened or opened[-1][0] != name:
                inside = f"'{opened[-1][0]}' is open" if opened else "none is open"
                raise WrongMarks(f"mark {at + 1} ends '{name}' where {inside}")
            end(at)
            continue
        if name in [each for each, _ in opened]:
            raise WrongMarks(f"mark {at + 1} begins '{name}', which is open")
        if len(opened) == DEEPEST:
            raise WrongMarks(f"mark {at + 1} begins '{name}' in {DEEPEST} others, and no more may lie in each other")
        opened.append((name, at + 1))
    while opened:
        end(len(pieces) - 1)
    return found


def taken(program, told, pieces):
    """The result of the program, those of its regions, and what is wrong with its marks, or None.  A program can write
    the marker by itself: then it has more records than marks, and only the last one is known to be its own."""
    marks = told.split(b"\n")[:-1]
    if len(pieces) != len(marks) + 1:
        return dict(pieces[-1]), [], f"it gave {len(pieces) - 1} marks, of which {len(marks)} are named: " \
            "one at a time, and only by hm-mark.h"
    try:
        return summed(pieces), walk(program, marks, pieces), None
    except WrongMarks as wrong:
        return summed(pieces), [], f"its marks are wrong: {wrong}"


def together(results):
    """Each region once in each run: the sum of all times that it came."""
    groups = {}
    for at, result in enumerate(results):
        key = at
        if result.get("region"):
            key = (result["workload"], result["mode"], tuple(result["hm"]), result["guest"], result.get("svadu"),
                   result.get("hostpages"))
        groups.setdefault(key, []).append(result)
    return [summed(group) if len(group) > 1 else group[0] for group in groups.values()]
