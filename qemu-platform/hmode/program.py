# SPDX-License-Identifier: BSD-2-Clause
"""Programs of the user's own: what PROGRAM and its companions name, whether the guest can run it, and what is laid into
the guest's root for it: the program, its libraries, tests/workloads/program.c and that one's plan.
"""

import dataclasses
import functools
import hashlib
import os
import pathlib
import re
import shlex
import subprocess

from hmode import elf, root as roots, tree
from hmode.messages import Failed, Refused

FOLDER = "hmode"                # of the guest's root: nothing else lies there
FIRST = f"/{FOLDER}/init"
LIBRARIES = f"{FOLDER}/lib"
SCRIPT_HEAD = 256               # as many bytes of its first line the kernel reads
ENVIRONMENT = {"HOME": "/root", "LANG": "C.UTF-8", "PATH": ":".join(f"/{each}" for each in roots.PATH), "USER": "root"}


@dataclasses.dataclass(frozen=True)
class Program:
    """number: of its mark.  file: as the user names it.  option: the option that does."""

    number: int
    name: str
    file: str
    arguments: tuple
    option: str = "PROGRAM"

    @property
    def path(self):
        """In the guest, below its root."""
        return f"{FOLDER}/{self.number}/{stem(self.file)}"

    @property
    def words(self):
        return [f"/{self.path}", *self.arguments]


def stem(file):
    """What a program is called after its file."""
    name = os.path.basename(file)
    return name[:-2] if name.endswith(".c") and len(name) > 2 else name


def row(file):
    """The same in a table's row, where a blank ends a word."""
    return re.sub(r"[^!-~]", "_", stem(file)) or "_"


def split(name, text):
    """As a shell does, of which nothing else happens."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise Refused(f"{name}={text} cannot be split into words: {str(error).lower()}",
                      "words as in a shell, each quote and each \\ with what belongs to it") from None


def wanted(settings):
    """The programs that the options name, none of which is looked at yet."""
    if not settings.program:
        return []
    return [Program(0, row(settings.program), settings.program, split("ARGS", settings.args))]


# ---- is it one that the guest can run? ----

def refuse_what_is_no_file(path):
    if not path.exists():
        raise Refused("is not there", "a program for riscv64, a script, or a C file")
    if path.is_dir():
        raise Refused("is a folder", "a program in it")
    if not path.is_file():
        raise Refused("is no regular file", "a program for riscv64, a script, or a C file")


def head_of(path):
    refuse_what_is_no_file(path)
    try:
        with path.open("rb") as file:
            return file.read(SCRIPT_HEAD)
    except OSError as error:
        raise Refused(f"cannot be read: {error.strerror}", f"chmod +r {shlex.quote(str(path))}") from None


@functools.cache
def compiled(path):
    """The program that the cross compiler makes of a C file."""
    elf.must_be_there("gcc", "gcc-riscv64-linux-gnu")
    folder = tree.BUILD / "programs" / hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f"{stem(str(path))}.{os.getpid()}"
    done = subprocess.run([elf.tool("gcc"), "-O2", "-static", "-pthread", "-o", new, path, "-lm"], capture_output=True, text=True,
                          env=os.environ | {"LC_ALL": "C"}, check=False)
    if done.returncode:
        raise Refused(f"does not compile:\n{done.stderr.rstrip()}", "a program that you compile with options of your own")
    return new.rename(folder / stem(str(path)))


class Libraries:
    """Where a program's libraries and its interpreter come from: LIBS, then the guest's root, then the cross compiler."""

    def __init__(self, settings, root):
        self.folder = pathlib.Path(settings.libs) if settings.libs else None
        self.root = root

    def find(self, name):
        given = self.folder / name if self.folder and "/" not in name else None
        return given if given and given.is_file() else elf.of_compiler(name)

    def must_have(self, name, whose):
        path = self.find(name)
        if path is None:
            raise Refused(f"needs the library {name}{whose}, which neither LIBS nor the cross compiler has",
                          "LIBS=folder that has it, or a program linked with -static")
        try:
            elf.must_be_for_riscv(head_of(path))
        except Refused as refused:
            raise Refused(f"needs the library {name}{whose}, and {path} {refused}", "LIBS=folder with those of riscv64") from None
        return path

    def beside(self, path):
        """Path in the guest -> path here, of all that the program at `path` needs."""
        needs = elf.needs(path)
        if not needs.interpreter:
            return {}
        # Its name is a path, where it is looked for in the guest.
        place = os.path.normpath(f"/{needs.interpreter}").strip("/")
        files = {place: self.must_have(os.path.basename(needs.interpreter), ", its interpreter")}
        todo = [(name, "") for name in needs.libraries]
        while todo:
            name, whose = todo.pop(0)
            place = f"{LIBRARIES}/{os.path.basename(name)}"
            if place not in files:
                files[place] = self.must_have(name, whose)
                todo += [(each, f" for {name}") for each in elf.needs(files[place]).libraries]
        return files


def must_be_program(path):
    needs = elf.needs(path)
    if needs.kind == "REL":
        raise Refused("is an object file, not yet linked", f"what '{elf.tool('gcc')} -o program {path}' makes of it")
    if not needs.is_program:
        raise Refused("is no program but a shared library or a core dump", "the program that uses it")


def must_have_interpreter(head, root):
    """Of a script; `env` needs the program that it is to find as well."""
    line = head[2:].split(b"\n")[0].decode(errors="replace").strip(" \t")
    interpreter, _, argument = line.partition(" ")
    named = os.path.basename(interpreter) == "env" and argument.split()
    if not interpreter:
        raise Refused("is a script that names no interpreter behind #!", "#!/bin/sh, as its first line")
    there = "#!/bin/sh, which is busybox's, or a program for riscv64"
    if not root.has_file(interpreter):
        raise Refused(f"is a script for {interpreter!r}, which the guest has not", there)
    if named and root.command(named[0]) is None:
        raise Refused(f"is a script for '{named[0]}', which the guest has not", there)


def files_of(program, settings, root):
    """Path in the guest -> path here, of the program and all that it needs; root None: it is not built yet."""
    path = pathlib.Path(program.file)
    head = head_of(path)
    if path.suffix == ".c":
        if root is None and not elf.is_there("gcc"):
            return {}
        path = compiled(path)
        head = head_of(path)
    if head.startswith(b"\x7fELF"):
        elf.must_be_for_riscv(head)
        if root is None and not elf.is_there("readelf"):
            return {}
        must_be_program(path)
        return {program.path: path} | Libraries(settings, root).beside(path)
    if not head.startswith(b"#!"):
        raise Refused("is empty" if not head else "is neither an ELF program nor a script that begins with #!",
                      "a program for riscv64, a script, or a C file")
    if root is not None:
        must_have_interpreter(head, root)
    return {program.path: path}


def all_files(settings, root):
    found = {}
    for program in settings.programs:
        try:
            found |= files_of(program, settings, root)
        except Refused as refused:
            raise Refused(f"{program.option}={program.file} {refused}", refused.remedy) from None
    return found


def look(settings):
    """What can be said before anything is built."""
    if settings.libs and not os.path.isdir(settings.libs):
        raise Refused(f"LIBS={settings.libs} is no folder", "a folder with libraries of riscv64")
    if settings.programs:
        all_files(settings, None)


# ---- what is laid into the guest's root ----

def plan(settings, has_libraries):
    """As tests/workloads/program.c reads it."""
    environment = ENVIRONMENT | ({"LD_LIBRARY_PATH": f"/{LIBRARIES}"} if has_libraries else {})
    texts = [str(settings.warm)]
    for words in ([f"{name}={value}" for name, value in environment.items()], *(each.words for each in settings.programs)):
        texts += [str(len(words)), *words]
    return b"".join(os.fsencode(text) + b"\0" for text in texts)


def initrd(settings, base):
    """The root at `base` with the programs over it: an archive."""
    first = tree.BUILD / "workloads/program"
    if not first.is_file():
        raise Failed(f"{first} is not built", "run: make all")
    root = roots.of_archive(base)
    files = all_files(settings, root)
    has_libraries = any(path.startswith(LIBRARIES) for path in files)
    files |= {FIRST.strip("/"): first, f"{FOLDER}/plan": plan(settings, has_libraries)}
    return roots.laid_over(base, roots.archive(files, root))
