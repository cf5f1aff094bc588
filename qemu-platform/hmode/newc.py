# SPDX-License-Identifier: BSD-2-Clause
"""Archives in the kernel's form of cpio (Linux, Documentation/driver-api/early-userspace/buffer-format.rst), and what the
kernel makes of them.

No other tool unpacks them: where it read one otherwise than this does, it could write anywhere.
"""

import collections
import os
import re
import stat

from hmode.messages import Failed, Refused, naming, printable

MAGIC = (b"070701", b"070702")
HEADER, NUMBERS = 110, re.compile(rb"[0-9A-Fa-f]{104}")
Header = collections.namedtuple("Header", "inode mode uid gid links time size major minor device_major device_minor name_size check")
LONGEST, LONGEST_PART = 4096, 255       # bytes of a name, and of a part of it, as in the kernel
DEEPEST = 128                           # folders in each other: removing them takes Python a call and a file for each
TRAILER = b"TRAILER!!!"
FOLDER, FILE, LINK = stat.S_IFDIR, stat.S_IFREG, stat.S_IFLNK
KINDS = (FOLDER, FILE, LINK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK)
GIVEN = (b"", b"dev", b"root")          # folders that the kernel has by itself

# inode: None where it has no other name.
Member = collections.namedtuple("Member", "path kind inode data")


# ---- from bytes to members ----

def shown(name):
    return printable(name.decode(errors="backslashreplace"))


def unsound(what):
    return Refused(f"is no sound cpio archive: {what}", "the whole archive, as cpio makes it")


def truncated():
    return Refused("is truncated: a cpio archive without its end", "the whole archive")


def aligned(at):
    return -(-at // 4) * 4


def header_at(data, at):
    text = bytes(data[at:at + HEADER])
    if len(text) >= 6 and text[:6] not in MAGIC:
        raise unsound(f"no header at byte {at}")
    if len(text) < HEADER:
        raise truncated()
    if not NUMBERS.fullmatch(text, 6):
        raise unsound(f"the header at byte {at} has no numbers where they belong")
    return Header(*(int(text[place:place + 8], 16) for place in range(6, HEADER, 8)))


def name_at(data, at, size):
    """Of which the kernel takes what is before its first zero; some tools have more than one at its end."""
    name = bytes(data[at:at + min(size, LONGEST)])
    if not 0 < size <= LONGEST:
        raise unsound(f"the name {shown(name.partition(bytes(1))[0])} has {size} bytes, of at most {LONGEST}")
    if at + size > len(data):
        raise truncated()
    if name[-1:] != b"\0" or b"\0" in name.rstrip(b"\0"):
        raise unsound(f"the name {shown(name)} does not end at a zero alone")
    return name.rstrip(b"\0")


def path_of(name):
    """From the root on, which has none itself."""
    parts = [part for part in name.split(b"/") if part not in (b"", b".")]
    if b".." in parts:
        raise unsound(f"the name {shown(name)} has .. in it")
    if any(len(part) > LONGEST_PART for part in parts) or len(parts) > DEEPEST:
        raise unsound(f"the name {shown(name)} has a part of more than {LONGEST_PART} bytes, or more than {DEEPEST} parts")
    return b"/".join(parts)


def target_of(name, data):
    """Of a link; the kernel's own tool has a zero behind it."""
    target = bytes(data[:LONGEST + 1]).rstrip(b"\0")
    if not 0 < len(target) < LONGEST or b"\0" in target:
        raise unsound(f"the link {shown(name)} leads to no path")
    return target


def member_at(data, at):
    """The member, or None for the trailer; where the next header is."""
    head = header_at(data, at)
    name = name_at(data, at + HEADER, head.name_size)
    kind = stat.S_IFMT(head.mode)
    begin = aligned(at + HEADER + head.name_size)
    end = begin + head.size
    if name == TRAILER and not head.size and kind != LINK:
        return None, aligned(end)
    if kind not in KINDS:
        raise unsound(f"{shown(name)} is of no kind that there is")
    if head.size and kind not in (FILE, LINK):
        raise unsound(f"{shown(name)} has content and is no file")
    if end > len(data):
        raise truncated()
    content = target_of(name, data[begin:end]) if kind == LINK else data[begin:end]
    inode = (head.inode, head.major, head.minor) if head.links > 1 else None
    return Member(path_of(name), kind, inode, content), aligned(end)


def members(data, begin):
    """Those of the archive that begins there, and where it ends."""
    found, at = [], begin
    while True:
        member, at = member_at(data, at)
        if member is None:
            return found, at
        found.append(member)


def archives(data):
    """The members of each archive in the file: the kernel takes several, one behind the other, with zeros between them and
    behind the last, however many."""
    view, at, rest = memoryview(data), 0, re.compile(rb"[^\0]")
    while at < len(data):
        if data[at:at + 6] not in MAGIC or at % 4:
            raise Refused(f"has something behind its archive, at byte {at}, that is no cpio archive at a multiple of 4",
                          "archives one behind the other, with all of them or none compressed")
        found, end = members(view, at)
        yield found
        more = rest.search(data, end)
        at = more.start() if more else len(data)


# ---- from members to a tree ----

class Entry:
    """data: of a file its content, of a link its target.  The names of one file have the same entry."""

    def __init__(self, kind, data=b""):
        self.kind, self.data = kind, data


class Contents:
    """What the kernel makes of all archives of a file: later members replace earlier ones, and what lies in no folder is
    left out."""

    def __init__(self, data):
        self.entries, self.filled = {path: Entry(FOLDER) for path in GIVEN}, set()
        for found in archives(data):
            names = {}          # inode -> where its file is
            for member in found:
                if self.has_place_for(member.path):
                    self.add(member, names)

    def has_place_for(self, path):
        """The kernel follows a link on the way to a member, and this does not."""
        parent = above = path.rpartition(b"/")[0]
        while above not in self.entries:
            above = above.rpartition(b"/")[0]
        if self.entries[above].kind == LINK:
            raise Refused(f"has {shown(path)} behind a link of its own", "an archive whose files lie in folders")
        return above == parent and self.entries[above].kind == FOLDER

    def add(self, member, names):
        path, kind = member.path, member.kind
        if path == b"" or (path in self.filled and kind != FOLDER):
            return              # the root, or a folder with files, is not replaced
        self.filled.add(path.rpartition(b"/")[0])
        if kind == FILE and member.inode in names:
            self.add_name(member, names[member.inode])
            return
        if path not in self.entries or self.entries[path].kind != kind:
            self.entries[path] = Entry(kind)
        self.entries[path].data = member.data       # of a file, by all its names
        if kind == FILE and member.inode:
            names[member.inode] = path

    def add_name(self, member, first):
        """A further one of a file, whose content comes with any of its names, mostly the last."""
        entry = self.entries[first]
        if entry.kind != FILE:
            raise unsound(f"{shown(member.path)} is another name of {shown(first)}, which is no file any more")
        self.entries[member.path] = entry
        entry.data = member.data or entry.data

    def write(self, folder):
        """Into an empty folder, for lookups: devices are left out, and rights are the caller's own.  Links come last, so
        that nothing can be written behind one."""
        top, names = os.fsencode(folder), {}
        for path, entry in self.in_order():
            try:
                write_entry(entry, os.path.join(top, path), names)
            except OSError as error:
                raise Failed(f"{shown(path)} cannot be unpacked to {folder}: {error.strerror}") from None

    def in_order(self):
        """A folder is there before what is in it."""
        for kind in (FOLDER, FILE, LINK):
            yield from ((path, entry) for path, entry in self.entries.items() if path and entry.kind == kind)


def write_entry(entry, place, names):
    """names: entry -> where its file is already."""
    if entry.kind == FOLDER:
        os.mkdir(place)
    elif entry.kind == LINK:
        os.symlink(entry.data, place)
    elif entry in names:
        os.link(names[entry], place)
    else:
        with naming(place), open(place, "xb") as file:
            file.write(entry.data)
        names[entry] = place
