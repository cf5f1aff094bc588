# SPDX-License-Identifier: BSD-2-Clause
"""The counts of a recorded stream once more, from the specification alone: nothing is shared with the plugin's C.

The text of a stream is explained in qemu-platform/plugins/walks/recorder.h.
"""

import collections

SIZES = range(6)
FETCH, DATA, FAULTING = range(3)
Page = collections.namedtuple("Page", "guest vmid asid size number")       # asid None: global
NOWHERE = None


class Kept:
    """Sets of pages, the oldest first in each."""

    def __init__(self, entries, ways=0):
        self.ways = min(ways or entries, entries)
        self.sets = [collections.OrderedDict() for _ in range(entries // self.ways)] if entries else []

    def set_of(self, number):
        return self.sets[number % len(self.sets)]

    def find(self, space, page):
        """(size, target), or None."""
        for size in SIZES if self.sets else ():
            ways = self.set_of(page >> 9 * size)
            for asid in (space.asid, None):
                key = Page(space.guest, space.vmid, asid, size, page >> 9 * size)
                if key in ways:
                    ways.move_to_end(key)
                    return size, ways[key]
        return None

    def keep(self, space, page, size, target, is_global=False):
        if not self.sets:
            return
        ways = self.set_of(page >> 9 * size)
        if len(ways) == self.ways:
            ways.popitem(last=False)
        ways[Page(space.guest, space.vmid, None if is_global else space.asid, size, page >> 9 * size)] = target, is_global

    def drop(self, guest, page=None, asid=None, vmid=None):
        for ways in self.sets:
            for key in list(ways):
                if key.guest == guest and (vmid is None or key.vmid == vmid) and (asid is None or key.asid == asid) and \
                        (page is None or key.number == page >> 9 * key.size):
                    del ways[key]


class Space:
    def __init__(self, guest, satp=0, hgatp=0):
        self.guest, self.satp, self.hgatp = guest, satp, hgatp
        self.asid, self.vmid = satp >> 44 & 0xffff, (hgatp >> 44 & 0x3fff if guest else 0)

    def stage(self, second=False):
        """Root and levels of a stage; no levels: it translates nothing."""
        atp = self.hgatp if second else self.satp
        return (atp & (1 << 44) - 1) << 12, {8: 3, 9: 4, 10: 5}.get(atp >> 60, 0)

    def of_g_stage(self):
        """Whom a translation of the G stage belongs to."""
        return Space(True, 0, self.hgatp)


class Fault(Exception):
    pass


class Core:
    def __init__(self, geometry):
        self.of, self.memory, self.counts = geometry, {}, collections.Counter()
        self.spaces = [Space(False), Space(True)]
        self.first = [Kept(geometry["l1i"], geometry["l1i_ways"]), Kept(geometry["l1d"], geometry["l1d_ways"])]
        self.l2 = Kept(geometry["l2"], geometry["l2_ways"])
        self.tables, self.g_tables, self.g = (Kept(geometry[name]) for name in ("walk_cache", "g_walk_cache", "g_cache"))

    def walk(self, names, kept, space, address, root, levels, more_bits, host):
        """The leaf: its size and its entry.  host: from a table's address to the physical one."""
        hits, refs = names
        table, level, physical = root, levels - 1, None
        found = kept.find(space, address >> 12)
        if found:
            level, physical = found[0] - 1, found[1][0]
            self.counts[hits] += 1
        while True:
            if physical is None:
                physical = host(table)
                if level < levels - 1:
                    kept.keep(space, address >> 12, level + 1, physical)
            bits = 9 + (more_bits if level == levels - 1 else 0)
            entry = self.memory.get(physical + (address >> 12 + 9 * level & (1 << bits) - 1) * 8, 0)
            self.counts[refs] += 1
            if entry & 14 and entry & 1:
                return level, entry
            if not entry & 1 or level == 0:
                raise Fault
            table, level, physical = (entry >> 10 & (1 << 44) - 1) << 12, level - 1, None

    @staticmethod
    def target(entry, address, size):
        to = (entry >> 10 & (1 << 44) - 1) << 12
        if entry >> 63 and size == 0:
            to = to & ~0xffff | address & 0xf000
        return to >> 12 + 9 * size << 12 + 9 * size

    def through_g_stage(self, space, gpa):
        """Size and physical address."""
        root, levels = space.stage(second=True)
        if not space.guest or not levels:
            return max(SIZES), gpa
        owner = space.of_g_stage()
        found = self.g.find(owner, gpa >> 12)
        if found:
            self.counts["g_cache_hits"] += 1
            size, (to, _) = found
        else:
            size, entry = self.walk(("g_walk_cache_hits", "g_refs"), self.g_tables, owner, gpa, root, levels, 2, lambda table: table)
            to = self.target(entry, gpa, size)
            self.g.keep(owner, gpa >> 12, size, to, bool(entry & 32))
        return size, to | gpa & (1 << 12 + 9 * size) - 1

    def translate(self, space, va):
        """Size, physical address, whether it is for all ASIDs, whether it may be used."""
        root, levels = space.stage()
        size, to, entry = max(SIZES), va, 32 | 64
        if levels:
            size, entry = self.walk(("walk_cache_hits", "walk_refs"), self.tables, space, va, root, levels, 0,
                                    lambda table: self.through_g_stage(space, table)[1])
            to = self.target(entry, va, size) | va & (1 << 12 + 9 * size) - 1
        host_size, physical = self.through_g_stage(space, to)
        return min(size, host_size), physical, bool(entry & 32), bool(entry & 64)

    def access(self, kind, space, va):
        page, first = va >> 12, self.first[kind != FETCH]
        if not space.stage()[1] and not (space.guest and space.stage(second=True)[1]):
            return
        if kind != FAULTING:
            self.counts["fetches" if kind == FETCH else "data"] += 1
        if first.find(space, page):
            return
        self.counts["l1i_misses" if kind == FETCH else "l1d_misses"] += 1
        found = self.l2.find(space, page)
        if found:
            self.counts["l2_hits"] += 1
            first.keep(space, page, found[0], *found[1])
            return
        self.counts["fault_walks" if kind == FAULTING else "walks"] += 1
        try:
            size, physical, is_global, is_used = self.translate(space, va)
        except Fault:
            return
        if is_used:
            target = physical >> 12 + 9 * size << 12 + 9 * size
            first.keep(space, page, size, target, is_global)
            if not size or self.of["l2_superpages"]:
                self.l2.keep(space, page, size, target, is_global)

    def fence(self, kind, guest, page, asid, vmid):
        if kind == 0:
            for kept in [*self.first, self.l2] + ([] if page is not None else [self.tables]):
                kept.drop(guest, page, asid, vmid)
            return
        for kept in [*self.first, self.l2, self.tables]:
            kept.drop(True, vmid=vmid)
        self.g.drop(True, page, None, vmid)
        if page is None:
            self.g_tables.drop(True, vmid=vmid)

    def registers(self, guest, satp, hgatp):
        before, self.spaces[guest] = self.spaces[guest], Space(bool(guest), satp, hgatp)
        if before.satp != satp and not self.of["asids"]:
            self.fence(0, bool(guest), None, None, None)
        if guest and before.hgatp != hgatp and not self.of["vmids"]:
            self.fence(1, True, None, None, None)


def number(word):
    return None if word == "-" else int(word, 16)


def count(geometry, lines):
    """Name -> count, of the names that are not 0."""
    core = Core(geometry)
    for kind, *words in map(str.split, lines):
        values = list(map(number, words))
        if kind == "m":
            core.memory[values[0]] = values[1]
        elif kind == "r":
            core.registers(*values)
        elif kind == "a":
            core.access(values[0], core.spaces[values[1]], values[2])
        else:
            core.fence(values[0], bool(values[1]), *values[2:])
    return dict(core.counts)
