# SPDX-License-Identifier: BSD-2-Clause
"""What a run was made of: the versions that each record names.  None: it is not known here."""

import functools
import hashlib
import os
import re
import subprocess

from hmode import debs, program, qemu, tree
from hmode.messages import Stop
from hmode.options import GUESTS


@functools.cache
def is_clone():
    return tree.git("rev-parse", "--show-toplevel") == str(tree.TOP)


@functools.cache
def commit():
    return (tree.git("rev-parse", "--short=12", "HEAD") or None) if is_clone() else None


def untracked(names):
    """Files that git does not know yet."""
    for name in sorted(filter(None, names)):
        path = tree.TOP / name
        yield f"{name}\0" + (hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")


@functools.cache
def changed():
    """A name for what differs from the commit; None: nothing does.  Documents do not count: no figure depends on one."""
    if not is_clone():
        return None
    where = ("--", ".", ":!docs", ":!*.md")
    told = [tree.git("diff", "HEAD", *where),
            *untracked(tree.git("ls-files", "--others", "--exclude-standard", *where).split("\n"))]
    return hashlib.sha256("\n".join(told).encode(errors="surrogateescape")).hexdigest()[:12] if any(told) else None


@functools.cache
def said_by(command):
    """The first line of `command --version`."""
    try:
        done = subprocess.run([command, "--version"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    except OSError:
        return ""
    return done.stdout.partition("\n")[0]


def version_of(line):
    """The version and, in brackets, the package's, as both are told."""
    found = re.search(r"version (\d.*)$", line)
    return found[1].strip() if found else None


def of_qemu(settings):
    try:
        return version_of(said_by(qemu.find(settings.qemu or "", settings.misaligned == "trap").program))
    except Stop:
        return None


def of_kernel(settings):
    """Of ours; another one is whatever its file is."""
    is_ours = settings.guest in GUESTS and not settings.is_given("KERNEL")
    file = tree.CACHE / "current" / GUESTS[settings.guest] / "release" if is_ours else None
    return file.read_text().strip() if file and file.exists() else None


@functools.cache
def compiler():
    """What the firmware was compiled by: it says so itself, and else the compiler is asked that would do it now."""
    built = tree.firmware(False) / "hmcode.elf"
    found = re.search(rb"GCC: (\([^)]*\) [\d.]+)", built.read_bytes()) if built.exists() else None
    if found:
        return "gcc " + found[1].decode()
    return said_by(os.environ.get("CROSS_COMPILE", "riscv64-linux-gnu-") + "gcc") or None


def packages(settings):
    """Debian's packages in the guest's root, as NAME=VERSION."""
    wanted = program.packages(settings) if settings.program or settings.list else []
    file = debs.entry(list(wanted)) / "packages" if wanted else None
    return file.read_text().split() if file and file.exists() else []


def of(settings):
    """docs/measuring.md has the schema."""
    file = tree.TOP / "VERSION"
    return {"hmode": file.read_text().strip() if file.exists() else None, "commit": commit(), "changed": changed(),
            "qemu": of_qemu(settings), "kernel": of_kernel(settings), "compiler": compiler(), "packages": packages(settings)}
