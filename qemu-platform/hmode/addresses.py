# SPDX-License-Identifier: BSD-2-Clause
"""Where firmware or host-hv was when it faulted: the addresses on a console as functions and lines."""

import collections
import os
import pathlib
import re
import struct
import subprocess

from hmode import tree
from hmode.image import RAM
from hmode.messages import say, warn

# What is said of a fault, and where it says what is looked up: `at` and `ra` of its own time, `value` perhaps of code.
REPORTS = (
    # hmcode/core/fatal.c
    r"hmcode: fault in the firmware: hart \d+, cause [0-9a-f]+ at (?P<at>[0-9a-f]+), value (?P<value>[0-9a-f]+), "
    r"ra (?P<ra>[0-9a-f]+), sp [0-9a-f]+",
    # OpenSBI, lib/sbi/sbi_trap.c
    r"^sbi_trap_error: hart\d+: trap\d+: mcause=0x[0-9a-f]+ mtval=0x(?P<value>[0-9a-f]+)",
    r"^sbi_trap_error: hart\d+: trap\d+: mepc=0x(?P<at>[0-9a-f]+) mstatus=",
    r"^sbi_trap_error: hart\d+: trap\d+: ra=0x(?P<ra>[0-9a-f]+) sp=",
    # host-hv/boot/hart_main.c
    r"host-hv: panic: scause [0-9a-f]+, sepc (?P<at>[0-9a-f]+), stval (?P<value>[0-9a-f]+)",
)
MOST = 16           # a guest may write such lines as well
EXECUTABLE = 4      # SHF_EXECINSTR (System V ABI, sections)

Address = collections.namedtuple("Address", "what value")       # what: at, ra, value
Program = collections.namedtuple("Program", "name elf base")    # base: what its addresses are higher by when it runs


def told(line):
    """The addresses of a line that is part of a report."""
    for report in REPORTS:
        found = re.search(report, line)
        if found:
            return [Address(what, int(text, 16)) for what, text in found.groupdict().items()]
    return []


def reported(console):
    """Those of all reports, each once, in their order; what is `at` too is that."""
    found = {}
    for line in console.replace("\r", "").split("\n"):
        for each in told(line):
            if each.what == "at" or each.value not in found:
                found[each.value] = each
    return list(found.values())[:MOST]


def code(elf):
    """The ranges of addresses that hold instructions."""
    data = elf.read_bytes()
    table, size, count = (struct.unpack_from(form, data, at)[0] for form, at in (("<Q", 40), ("<H", 58), ("<H", 60)))
    for at in range(table, table + size * count, size):
        flags, begin, _, length = struct.unpack_from("<4Q", data, at + 8)
        if flags & EXECUTABLE:
            yield range(begin, begin + length)


def ask(elf, linked):
    """What addr2line says of these addresses, as it says it."""
    tool = os.environ.get("CROSS_COMPILE", "riscv64-linux-gnu-") + "addr2line"
    try:
        return subprocess.run([tool, "-a", "-f", "-i", "-e", elf, *map(hex, linked)], capture_output=True, text=True,
                              check=False).stdout
    except FileNotFoundError:
        warn(f"the tool '{tool}' is missing: addresses are not looked up; make fetch installs it")
        return ""


def path_of(place):
    """A path as the tree has it.  Compilers are told no other (-ffile-prefix-map), some of them the first folder twice."""
    path = os.path.normpath(re.sub(r" \(discriminator \d+\)$", "", place))
    return re.sub(r"^([^/]+)/\1/", r"\1/", path)


def answers(said):
    """Each address's functions from the innermost one: those that were inlined, and the one they are in."""
    for text in re.split(r"^0x[0-9a-f]+\n", said, flags=re.M)[1:]:
        lines = text.splitlines()
        yield " < ".join(function if "?" in place else f"{function} ({path_of(place)})"
                         for function, place in zip(lines[::2], lines[1::2]))


def looked_up(program, found):
    """Address -> text, of those that are in this program's code."""
    ranges = list(code(program.elf))
    # A return address may be the next function's: the call before it is what is meant.
    linked = {each: each.value - program.base - (each.what == "ra") for each in found}
    linked = {each: value for each, value in linked.items() if any(value in one for one in ranges)}
    return dict(zip(linked, answers(ask(program.elf, linked.values())))) if linked else {}


def programs(is_native, traced=False):
    """hmcode.elf is linked at 0, host-hv.elf where it runs; natively a kernel runs there."""
    all_of_them = [Program("hmcode", tree.firmware(traced) / "hmcode.elf", RAM),
                   Program("host-hv", tree.BUILD / "host-hv/host-hv.elf", 0)]
    return [program for program in all_of_them[:1 if is_native else 2] if pathlib.Path(program.elf).is_file()]


def show(console, is_native, traced=False):
    """A line for each address that is in firmware or host-hv."""
    found = reported(console)
    texts = {each: f"{program.name}: {text}" for program in programs(is_native, traced) if found
             for each, text in looked_up(program, found).items()}
    for each in found:
        if each in texts:
            say(each.what.upper(), f"{each.value:#x} {texts[each]}")
