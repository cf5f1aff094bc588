# SPDX-License-Identifier: BSD-2-Clause
"""Commands in the documentation: does a `make` line name a target, options and values that exist?

The answers come from make's own list of rules and from the launcher's own refusals, so no list is kept here.
"""

import functools
import pathlib
import re
import shlex
import struct
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

ASSIGNMENT = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)", re.DOTALL)

# Files that a reader supplies: something of the kind stands in for each.
FILES = ("KERNEL", "INITRD", "DTB", "QEMU", "RESULT", "LOG", "PROGRAM", "LIBS", "ROOT", "LIST", "DISK", "SHARE")
FOLDERS = ("LIBS", "SHARE")


def words(line):
    """The words of a `make` line without comment, explanation and ellipsis; None: the line is another command."""
    command = re.split(r"\s#|\s{2,}\S", line, maxsplit=1)[0] if line.startswith("make") else \
        re.split(r"\s#", line, maxsplit=1)[0]
    command = re.split(r"&&|\|\||;", command)[0].replace("[", "").replace("]", "")
    try:
        found = [word for word in shlex.split(command) if word != "..."]
    except ValueError:
        return None
    rest = [word for word in found if not ASSIGNMENT.fullmatch(word)]
    return found if rest and rest[0] == "make" else None


@functools.lru_cache(maxsize=None)
def rules(folder):
    """target -> what it needs, by make's own list; an empty one: there is no Makefile."""
    if not (ROOT / folder / "Makefile").exists():
        return {}
    done = subprocess.run(["make", "-C", ROOT / folder, "-npq", ":"], capture_output=True, text=True, check=False)
    found = {}
    for line in done.stdout.splitlines():
        rule = re.match(r"([\w./$-][^:=#\t]*):(?!=) ?(.*)", line)
        if rule:
            for target in rule[1].split():
                found.setdefault(target, []).extend(rule[2].split())
    return found


@functools.lru_cache(maxsize=None)
def variables():
    """Options that make itself takes: those that a makefile reads."""
    texts = [path.read_text() for path in (ROOT / "Makefile", *(ROOT / "qemu-platform").glob("*.mk"))]
    return {name for text in texts for name in re.findall(r"\$\((?:if \$\(|or \$\()?([A-Z][A-Z0-9_]*)\b", text)} | \
        {name for text in texts for name in re.findall(r"\b([A-Z][A-Z0-9_]*)=", text)}


@functools.lru_cache(maxsize=None)
def parts():
    """Parts of the long tests: marks that name one, and files."""
    found = {path.stem.removeprefix("test_") for path in (ROOT / "tests").rglob("test_*.py")}
    for path in (ROOT / "tests").rglob("test_*.py"):
        found |= set(re.findall(r'mark\.long\("([\w-]+)"\)', path.read_text()))
        found |= {word.replace("_", "-") for word in (path.stem.removeprefix("test_"),)}
    return found


def stand_in(folder, name):
    """A file that the launcher takes for a guest's kernel, tree or whatever else it was given."""
    path = folder / name.lower()
    if name in FOLDERS:
        path.mkdir()
        return path
    image = struct.pack("<IIQQQIIQQII", 0, 0, 0x200000, 4096, 0, 2, 0, 0, 0, 0x05435352, 0)
    tree = struct.pack(">10I", 0xd00dfeed, 72, 56, 72, 40, 17, 16, 0, 0, 16) + bytes(16) + \
        struct.pack(">4I", 1, 0, 2, 9)
    path.write_bytes({"KERNEL": image + bytes(4096 - len(image)), "DTB": tree}.get(name, b"#!/bin/true\n"))
    path.chmod(0o755)
    return path


def supplied(word, folder):
    """The option, with a file that exists where the reader's own is meant; the tree's own are named from its top."""
    name, value = ASSIGNMENT.fullmatch(word).groups()
    if name not in FILES or not ("." in value or "/" in value):
        return word
    if name == "DISK" and "," in value:         # one for each guest
        return f"{name}={','.join(str(stand_in(folder, name)) for _ in value.split(','))}"
    return f"{name}={ROOT / value if (ROOT / value).exists() else stand_in(folder, name)}"


def commands_of(targets, options):
    """As the launcher names what these targets have it look at."""
    one_run = any(word.startswith(("MODE=", "TRACE=")) for word in options)
    return [("run" if one_run else "tour") if target == "run" else target for target in targets
            if "options" in rules(".")[target]]


def refused(commands, options):
    """What the launcher says against these options for these commands; None: it takes them."""
    with tempfile.TemporaryDirectory() as folder:
        given = [supplied(word, pathlib.Path(folder)) for word in options]
        done = subprocess.run([ROOT / "qemu-platform/launch", "options", *commands, *given], cwd=folder, capture_output=True,
                              text=True, check=False)
    return None if done.returncode == 0 else (done.stderr or done.stdout).strip().replace("\n", " ")


def unknown(name, value):
    """What is wrong with an option of make's own; None: nothing."""
    if name not in variables():
        return f"there is no option {name}"
    strange = [word for word in value.split() if name == "PART" and word not in parts()]
    return f"there is no part {strange[0]}" if strange else None


def folder_of(found):
    return found[found.index("-C") + 1] if "-C" in found else "."


def wrong(line):
    """What is wrong with a line of code; None: nothing, or it calls no make."""
    found = words(line)
    if found is None:
        return None
    folder, options = folder_of(found), [word for word in found if ASSIGNMENT.fullmatch(word)]
    targets = [word for word in found[found.index("make") + 1:]
               if word not in options and word not in ("-C", folder) and not word.startswith("-")]
    for target in targets:
        if target not in rules(folder):
            return f"there is no target {target}"
    if not rules(folder):
        return f"{folder} has no Makefile"
    if folder != "." or not options:
        return None
    commands = commands_of(targets, options)
    if commands:
        return refused(commands, options)
    return next(filter(None, (unknown(*ASSIGNMENT.fullmatch(word).groups()) for word in options)), None)
