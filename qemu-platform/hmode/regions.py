# SPDX-License-Identifier: BSD-2-Clause
"""Regions that programs mark by name (include/hm-mark.h).

Each mark ends a record and begins another one, so that the records are pieces which lie one behind the other and hold
nothing of a mark.  The guest tells beside them what was marked: of a PROGRAM at its end, and with MARKS=1 alone on the
console, behind each record.  A program is the sum of all its pieces, a region of those that lie between its marks.
"""

import re

DEEPEST = 16
MARK = re.compile(rb"([+-])([A-Za-z0-9_.-]{1,32})")
REFUSED = b"~"             # one without a good name, of which the program was told
SUMMED = ("vm_exits", "hm_traps", "instructions", "ring", "walk_refs", "translation")
# With MARKS=1 alone: the number of each mark, the word of the kernel's command line that tells hm-mark.h of it, and
# what its line of the console looks like.
NUMBER = 255
WORD = f"HM_MARKS={NUMBER}:/dev/console"
MIXED = "mixed"             # key of a piece in which host-hv was given another policy
TOLD = re.compile(r"hmmark: (~|[+-][A-Za-z0-9_.-]{1,32})\Z")


def plus(one, other):
    """Of two figures, or of all in two objects; None: not known."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: plus(value, other.get(key)) for key, value in one.items()}
    return None if one is None or other is None else one + other


def both_shadows(one, other):
    """Of tables what was counted is added up; the peak is the higher one, and the pool is the same."""
    both = plus(one, other)
    return both and both | {key: max(one[key], other[key]) for key in ("tables_peak", "pool")}


def summed(pieces):
    """One result object of several."""
    total = dict(pieces[0])
    for piece in pieces[1:]:
        total |= {key: plus(total.get(key), piece.get(key)) for key in SUMMED if key in total}
        total["shadow"] = both_shadows(total.get("shadow"), piece.get("shadow"))
        longest = [each.get("longest_m_stay") for each in (total, piece)]
        total["longest_m_stay"] = None if None in longest else max(longest)
        total["ok"] = bool(total["ok"] and piece["ok"])
    return total


class Open:
    """A region that has begun.  first: its first piece; beside: names of those that overlap it."""

    def __init__(self, name, first, depth):
        self.name, self.first, self.depth, self.beside = name, first, depth, set()


class Walk:
    """The regions that marks make of pieces, in the order of their ends.  A mark that is wrong is told and does nothing.

    A piece that is None is no figure: two marks were made at the same moment, or nobody knows what was marked there.
    No region is made of it."""

    def __init__(self, prefix=""):
        self.prefix, self.found, self.wrong, self.opened, self.times = prefix, [], [], [], {}

    def take(self, mark, at, pieces):
        """The mark behind piece `at`; the pieces are at least those until there."""
        what = MARK.fullmatch(mark)
        if mark == REFUSED:
            return
        if not what:
            self.wrong.append(f"mark {at + 1} has no name")
        elif what[1] == b"-":
            self.end(what[2].decode(), at, pieces)
        else:
            self.begin(what[2].decode(), at, pieces)

    def begin(self, name, at, pieces):
        if name in self.names():
            self.wrong.append(f"mark {at + 1} begins '{name}', which is open")
        elif len(self.opened) == DEEPEST:
            self.wrong.append(f"mark {at + 1} begins '{name}' in {DEEPEST} others, and no more may lie in each other")
        else:
            first = at if pieces[at] is None else at + 1    # where such a piece ends is not known either
            self.opened.append(Open(name, first, len(self.opened) + 1))

    def end(self, name, at, pieces):
        if name not in self.names():
            there = f"'{' '.join(self.names())}' is open" if self.opened else "none is open"
            self.wrong.append(f"mark {at + 1} ends '{name}' where {there}")
            return
        place = self.names().index(name)
        ended = self.opened.pop(place)
        for other in self.opened[place:]:       # begun in it, and still open
            other.beside.add(name)
            ended.beside.add(other.name)
        self.close(ended, pieces[ended.first:at + 1])

    def close(self, ended, pieces):
        if None in pieces:
            self.wrong.append(f"'{ended.name}' has a mark in it that was made at the same moment as another one, or has no name")
            return
        if any(piece.get(MIXED) for piece in pieces):
            self.wrong.append(f"the policy changed in '{ended.name}'")
            return
        number = self.times[ended.name] = self.times.get(ended.name, -1) + 1
        about = {"number": number, "depth": ended.depth, "overlaps": sorted(ended.beside)}
        self.found.append(summed(pieces) | {"workload": f"{self.prefix}{ended.name}", "ok": True, "region": about})

    def end_all(self, pieces):
        """Those that are open at the end of the program end with it."""
        while self.opened:
            self.end(self.opened[-1].name, len(pieces) - 1, pieces)

    def leave_all(self):
        """The same where nothing tells what was counted until then."""
        self.wrong += [f"'{each.name}' was not ended" for each in self.opened]
        self.opened = []

    def names(self):
        return [each.name for each in self.opened]


def taken(program, told, pieces, begun):
    """The result of the program, those of its regions, and what is wrong with its marks, or None.  A program can write
    the marker by itself: then it has more records than marks, and only the last one is known to be its own.
    begun: of each piece, whether it was begun since the one before."""
    marks = told.split(b"\n")[:-1]
    if len(pieces) != len(marks) + 1:
        return dict(pieces[-1]), [], f"it gave {len(pieces) - 1} marks, of which {len(marks)} are named: only by hm-mark.h"
    if not all(begun):
        return dict(pieces[-1]), [], f"mark {begun.index(False) + 1} was made at the same moment as another one, and what lies " \
            "between them cannot be told apart"
    walk = Walk(f"{program}/")
    for at, mark in enumerate(marks):
        walk.take(mark, at, pieces)
    walk.end_all(pieces)
    if walk.wrong:
        return summed(pieces), [], f"its marks are wrong: {walk.wrong[0]}"
    return summed(pieces), walk.found, None


# ---- MARKS=1 alone ----

def of_console(events):
    """The regions, and what is wrong with marks, as texts.  events, as they came: a str that was told of a mark, the
    (piece, begun) of a record, or None where the guest ended or began anew."""
    walk, pieces, waits = Walk(), [], False     # waits: nothing was told yet of the last piece
    for event in [*events, None]:
        if waits and not isinstance(event, str):
            walk.wrong.append(f"mark {len(pieces)} has no name: only by hm-mark.h, and only who may write to the console")
            pieces[-1], waits = None, False
        if event is None:
            walk.leave_all()
        elif isinstance(event, str):
            if not waits:
                walk.wrong.append(f"'{event}' was told of no mark")
            else:
                walk.take(event.encode(), len(pieces) - 1, pieces)
            waits = False
        else:
            piece, begun = event
            pieces.append(piece if begun else None)
            waits = True
    return walk.found, walk.wrong


# ---- tables ----

def together(results):
    """Each region once in each run: the sum of all times that it came."""
    groups = {}
    for at, result in enumerate(results):
        key = at
        if result.get("region"):
            key = (result["workload"], result["mode"], tuple(result["hm"]), result["guest"], result.get("svadu"),
                   result.get("roots"), result.get("hostpages"))
        groups.setdefault(key, []).append(result)
    return [summed(group) if len(group) > 1 else group[0] for group in groups.values()]


def overlaps(results):
    """Lines below a table: which of its rows overlap."""
    found = set()
    for result in results:
        row = result["workload"]
        prefix = row[:row.rfind("/") + 1]
        found |= {tuple(sorted([row, prefix + other])) for other in (result.get("region") or {}).get("overlaps", [])}
    lines = [f"{one} and {other} overlap: what happened in both is counted in both" for one, other in sorted(found)]
    return ["", *lines] if lines else []
