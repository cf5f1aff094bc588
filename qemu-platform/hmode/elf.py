# SPDX-License-Identifier: BSD-2-Clause
"""What an ELF program needs beside itself, as binutils' readelf tells it, and where the cross compiler has that."""

import dataclasses
import functools
import os
import pathlib
import re
import shutil
import struct
import subprocess

from hmode.messages import Failed, Refused

RISCV = 243
OTHERS = {3: "x86", 40: "ARM", 62: "x86-64", 183: "AArch64"}
HEAD = 64


def tool(name):
    """Of the cross compiler's."""
    return os.environ.get("CROSS_COMPILE", "riscv64-linux-gnu-") + name


def is_there(name):
    return shutil.which(tool(name)) is not None


def must_be_there(name, package):
    if not is_there(name):
        raise Failed(f"the tool '{tool(name)}' is missing", f"install Debian's package '{package}', or run: make fetch")


def must_be_for_riscv(head):
    """Of the first bytes of an ELF file."""
    if len(head) < HEAD:
        raise Refused("is truncated: it is shorter than an ELF header", f"what {tool('gcc')} makes")
    machine, = struct.unpack_from("<H", head, 18)
    if head[4:6] != b"\x02\x01" or machine != RISCV:
        whose = f"for {OTHERS[machine]}" if machine in OTHERS else "for another machine"
        raise Refused(f"is an ELF file {whose}, not for 64-bit RISC-V", f"what {tool('gcc')} makes")


@dataclasses.dataclass(frozen=True)
class Needs:
    """kind: EXEC, DYN, REL or CORE.  interpreter: a path in the guest, or None."""

    kind: str
    is_program: bool
    interpreter: str
    libraries: tuple
    places: tuple       # where it looks for them first


@functools.cache
def needs(path):
    """Of a file that is for riscv64 by its header."""
    must_be_there("readelf", "binutils-riscv64-linux-gnu")
    done = subprocess.run([tool("readelf"), "--wide", "--file-header", "--program-headers", "--dynamic", "--", path],
                          capture_output=True, text=True, errors="surrogateescape", check=False,
                          env=os.environ | {"LC_ALL": "C"})
    said = done.stdout
    kind = re.search(r"^ +Type: +(\w+)", said, re.M)
    if done.returncode or not kind or re.search(r"^readelf: (?:Error|Warning)|out of bounds|corrupt", done.stderr, re.M):
        raise Refused("is a broken ELF file", (done.stderr.strip().split("\n")[0] or "what a linker makes"))
    interpreter = re.search(r"Requesting program interpreter: (.*)\]$", said, re.M)
    is_pie = re.search(r"\(FLAGS_1\).*\bPIE\b", said) is not None
    return Needs(kind[1], kind[1] == "EXEC" or kind[1] == "DYN" and (is_pie or interpreter is not None),
                 interpreter and interpreter[1], tuple(re.findall(r"\(NEEDED\) +Shared library: \[(.*)\]$", said, re.M)),
                 tuple(place for text in re.findall(r"\((?:RPATH|RUNPATH)\) +Library \w+: \[(.*)\]$", said, re.M)
                       for place in text.split(":") if place))


@functools.cache
def of_compiler(name):
    """The path of a library as the cross compiler links it, or None."""
    if not is_there("gcc") or "/" in name:
        return None
    done = subprocess.run([tool("gcc"), f"-print-file-name={name}"], capture_output=True, text=True, check=False)
    path = pathlib.Path(done.stdout.strip())
    return path if path.is_absolute() and path.is_file() else None
