# SPDX-License-Identifier: BSD-2-Clause
"""Which QEMU runs the machine: Debian's, one of ours, or the user's own."""

import dataclasses
import re
import shutil
import subprocess

from hmode import tree
from hmode.messages import Failed, Refused
from hmode.options import STRICT

MINIMUM = tree.setting("min_qemu")
PROGRAM = "qemu-system-riscv64"
# Ours with direct guest memory accesses (docs/hspt.md): how -accel spells it.
DIRECT = {
    "hspt": "private",
    "hspt-shared": "shared",
    "hspt-private": "private",
    "hspt-group": "group",
    "hspt-oracle": "private,spt-adapt=off,spt-oracle=on",
}


@dataclasses.dataclass(frozen=True)
class Qemu:
    program: str
    accel: str = ""

    def words(self):
        return [self.program, *(["-accel", self.accel] if self.accel else [])]


def version(program):
    """Its major version; 0: it does not say."""
    try:
        said = subprocess.run([program, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
                              stdin=subprocess.DEVNULL).stdout
    except OSError:
        return 0
    found = re.search(rb"^QEMU emulator version ([0-9]+)\.", said, re.M)
    return int(found[1]) if found else 0


def ours(name):
    folder = tree.current("qemu-hspt")
    if folder is None:
        raise Failed("our QEMU is not built yet", "run: make qemu")
    direct = DIRECT.get(name)
    return Qemu(str(folder / PROGRAM), f"tcg,thread=single,spt={direct}" if direct else "")


def debians():
    """The machine's own where it is recent enough, or the one that was fetched."""
    if version(PROGRAM) >= MINIMUM:
        return Qemu(PROGRAM)
    folder = tree.current("qemu")
    if folder is None:
        raise Failed(f"there is no QEMU >= {MINIMUM} on this machine", "run: make fetch")
    return Qemu(str(folder / PROGRAM))


def users(name):
    if shutil.which(name) is None:
        raise Refused(f"QEMU={name} is no program", f"a path to {PROGRAM}, or {', '.join([*DIRECT, *STRICT])}")
    return Qemu(name)


def find(name, needs_ours=False):
    """The QEMU that QEMU=name stands for; needs_ours: without a name, one with our properties of harts."""
    if name in DIRECT or name in STRICT or (needs_ours and not name):
        found = ours(name)
    else:
        found = users(name) if name else debians()
    if not version(found.program):
        raise Failed(f"QEMU={name or found.program} does not say which version of QEMU it is: {found.program} --version",
                     f"a path to {PROGRAM}; without QEMU= it is Debian's, which 'make fetch' brings")
    if version(found.program) < MINIMUM:
        raise Failed(f"{found.program} is version {version(found.program)}, {MINIMUM} or later is needed",
                     "unset QEMU to use Debian's, which 'make fetch' brings")
    return found
